import { request as httpRequest } from 'node:http';
import { type PageRequest, PageServer } from '../../../../localstack/stack/service/page-server.ts';
import { eventually } from '../../../support/eventually.ts';

const notices: string[] = [];
let received: PageRequest[];
let failure: Error | undefined;
let hold: PromiseWithResolvers<void> | undefined;
let cacheControl: string;
let url: string;
let nowMs = 0;

const server = new PageServer(
  async (request, host) => {
    received.push(request);
    if (failure !== undefined) throw failure;
    await hold?.promise;
    const headers = { 'content-type': 'text/html', 'cache-control': cacheControl };
    return { status: 200, headers, body: Buffer.from(`served at ${host}`) };
  },
  (message) => notices.push(message),
  () => nowMs,
);

beforeAll(async () => {
  url = await server.listen(0);
});

afterAll(() => server.close());

beforeEach(() => {
  received = [];
  failure = undefined;
  hold = undefined;
  // No answer of a test before this one is shared.
  nowMs += 1_000;
  cacheControl = 'no-store';
});

interface Answer {
  readonly status: number | undefined;
  readonly text: string;
}

/** Not `fetch`, which sends its own Host header. */
function send(path: string, headers: Record<string, string> = {}, method = 'GET', body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: new URL(url).port, path, method, headers };
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('PageServer', () => {
  it('listens on the loopback address', () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('passes a request on, and the answer back', async () => {
    const headers = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await send('/redrive?code=a%2Fb', headers, 'POST', 'note=x');
    expect(answer).toEqual({ status: 200, text: `served at ${new URL(url).host}` });
    expect(received).toEqual([
      expect.objectContaining({ method: 'POST', target: '/redrive?code=a%2Fb', body: Buffer.from('note=x') }),
    ]);
    expect(received[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
  });

  it.each(['localhost', '[::1]', 'LOCALHOST'])('answers a browser that calls it %s', async (name) => {
    expect((await send('/', { host: `${name}:${new URL(url).port}` })).status).toBe(200);
  });

  it.each([
    ['another name in its Host header', '/', { host: 'attacker.example' }, 'GET', 403],
    ['another port in its Host header', '/', { host: '127.0.0.1:1' }, 'GET', 403],
    ['come from another site', '/verify', { 'sec-fetch-site': 'cross-site' }, 'POST', 403],
    ['no sign of where it comes from', '/verify', {}, 'POST', 403],
    ['a huge query', `/?${'x'.repeat(5_000)}`, {}, 'GET', 414],
    ['an address that is no path', 'http://attacker.example/', {}, 'GET', 400],
    ['an address that names a host', '//attacker.example/x', {}, 'GET', 400],
    ['an address that names a host in another way', '/\\attacker.example/x', {}, 'GET', 400],
  ] as const)('does not pass on a request that has %s', async (_, path, headers, method, status) => {
    const answer = await send(path, headers, method);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toMatch(/at .*\.ts/);
    expect(received).toEqual([]);
  });

  it('does not pass on a huge form', async () => {
    expect((await send('/', { 'sec-fetch-site': 'same-origin' }, 'POST', 'x'.repeat(100_000))).status).toBe(413);
    expect(received).toEqual([]);
  });

  it('asks for one part of the home page at a time, so that one instance of the function serves them all', async () => {
    hold = Promise.withResolvers<void>();
    const first = send('/?a=b');
    await eventually(() => received.length === 1);
    const waiting = [send('/parts'), send('/assets/page.css')];
    const action = send('/verify', { 'sec-fetch-site': 'same-origin' }, 'POST');
    await eventually(() => received.length === 2);
    expect(received.map(({ target }) => target)).toEqual(['/?a=b', '/verify']);
    hold.resolve();
    const answers = await Promise.all([first, ...waiting, action]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('does not let the home page wait for another page', async () => {
    hold = Promise.withResolvers<void>();
    const slow = send('/dead-letter?id=1');
    await eventually(() => received.length === 1);
    const poll = send('/parts');
    await eventually(() => received.length === 2);
    hold.resolve();
    expect((await Promise.all([slow, poll])).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('asks only once for a file that never changes, for each encoding', async () => {
    cacheControl = 'public, max-age=31536000, immutable';
    const gzip = { 'accept-encoding': 'gzip' };
    const answers = [
      await send('/a.css', gzip),
      await send('/a.css', gzip),
      await send('/a.css'),
      await send('/b.css', gzip),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(received).toHaveLength(3);
  });

  it.each(['/', '/parts'])('gives a request for %s the answer of an equal one for a second', async (path) => {
    hold = Promise.withResolvers<void>();
    const read = (tags: string) => send(path, { 'if-none-match': tags });
    const waiting = [read('"a"'), read('"a"'), read('"b"')];
    await eventually(() => received.length === 1);
    hold.resolve();
    await Promise.all(waiting);
    nowMs += 999;
    expect(await read('"a"')).toEqual({ status: 200, text: `served at ${new URL(url).host}` });
    expect(received).toHaveLength(2);
    nowMs += 1;
    await read('"a"');
    expect(received).toHaveLength(3);
  });

  it('gives no action the answer of another one', async () => {
    for (const form of ['a=1', 'a=2']) await send('/', { 'sec-fetch-site': 'same-origin' }, 'POST', form);
    expect(received.map(({ body }) => body.toString())).toEqual(['a=1', 'a=2']);
  });

  it('does not give a failure to the next poll', async () => {
    failure = new Error('dashboard failed: no memory');
    expect((await send('/parts?failed')).status).toBe(502);
    failure = undefined;
    expect((await send('/parts?failed')).status).toBe(200);
  });

  it('answers with a plain error when the function fails, and says why to the user of the terminal', async () => {
    failure = new Error('dashboard failed: no memory');
    const answer = await send('/');
    expect(answer.status).toBe(502);
    expect(answer.text).not.toContain('no memory');
    expect(notices.at(-1)).toContain('dashboard failed: no memory');
  });
});
