import { PENDING_STATES } from '../../../functions/core/dead-letter-entry.ts';
import { capitalized } from '../../../functions/dashboard/page/format.ts';
import type { DeadLetterGroup } from '../../../functions/ports/dead-letter-view.ts';
import { AppRig, NOW } from '../../support/dashboard/app-rig.ts';
import { exampleDeadLetter, exampleState, exampleTrouble, failing } from '../../support/dashboard/example-state.ts';

let rig: AppRig;

beforeEach(async () => {
  rig = await AppRig.create();
});

describe('the home page', () => {
  it('says that all is well, and shows every part in the order in which one looks', async () => {
    const page = await rig.get('/');
    expect(page).toContain('<h1>All is well</h1>');
    expect(page.match(/<section id="([^"]+)"/g)?.map((tag) => tag.slice(13, -1))).toEqual([
      ...['verdict', 'changes', 'salaries', 'dead-letters', 'agreement', 'details'],
    ]);
    for (const text of ['9,102,142', '88 ms', '1,000,212', '2026-11-25/']) expect(page).toContain(text);
  });

  it('shows each thing that needs attention, since when, and what to do', async () => {
    rig.state = exampleState(NOW, exampleTrouble(NOW));
    const page = await rig.get('/');
    expect(page).toContain('need attention</h1>');
    expect(page).toContain('alter table employees alter column city type varchar(100)');
    expect(page).toContain('PIPE_TARGET_SCHEMA');
    expect(page).toMatch(/for <time[^>]*>12 min<\/time>.*oldest <time[^>]*>3 d<\/time>/s);
    expect(page).toMatch(/<p>1 parked<\/p>/);
  });

  it('shows markup in a name or a reason as plain text', async () => {
    const script = '<script>alert(1)</script>';
    const trouble = exampleTrouble(NOW);
    const [group] = trouble.deadLetters?.groups ?? [];
    rig.state = exampleState(NOW, {
      ...trouble,
      deadLetters: {
        redrives: [],
        groups: group ? [{ ...group, code: script, sampleReason: script, sampleId: '"><img>' }] : [],
      },
    });
    const page = await rig.get('/');
    expect(page).not.toContain(script);
    expect(page).not.toContain('<img>');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('folds all but the codes with most dead letters, so that the rest of the page is near', async () => {
    const [group] = exampleTrouble(NOW).deadLetters?.groups ?? [];
    const codesOf = async (count: number) => {
      const groups = Array.from({ length: count }, (_, index) => ({
        ...(group as DeadLetterGroup),
        code: `CODE${index}`,
      }));
      rig.state = exampleState(NOW, { deadLetters: { redrives: [], groups } });
      const [, section = ''] = /<section id="dead-letters"(.*?)<\/section>/s.exec(await rig.get('/')) ?? [];
      return section.split('<details>').map((part) => part.match(/CODE\d+<wbr>/g)?.length);
    };
    expect(await codesOf(7)).toEqual([7]);
    expect(await codesOf(22)).toEqual([6, 16]);
  });

  it('says which server does not answer, keeps its older values, and shows the rest', async () => {
    const { readings } = rig.state;
    const since = new Date(NOW.getTime() - 42_000);
    rig.state = {
      ...rig.state,
      readings: {
        ...readings,
        salaries: failing(readings.salaries, since),
        groups: failing(readings.groups, since, false),
      },
    };
    const page = await rig.get('/');
    expect(page).toContain('<b>No answer from the target database</b> for 40 s');
    const justNow = exampleState(NOW);
    const failed = failing(readings.salaries, new Date(NOW.getTime() - 4_999));
    rig.state = { ...justNow, readings: { ...justNow.readings, salaries: failed } };
    expect(await rig.get('/')).toContain('<b>No answer from the target database</b> for some seconds');
    expect(page).toContain('Shown as of 08:00:00 UTC');
    expect(page).toContain('9,102,142');
    expect(page).toContain('<b>No answer from Kafka</b>');
    expect(page).toContain('PIPE_SERVER_UNAVAILABLE');
    expect(page).toContain('88 ms');
  });

  it('answers 304 to a browser that has it', async () => {
    const first = await rig.request('/');
    const tag = first.headers.get('etag') ?? '';
    expect((await rig.request('/', { headers: { 'if-none-match': tag } })).status).toBe(304);
    rig.state = exampleState(NOW, exampleTrouble(NOW));
    expect((await rig.request('/', { headers: { 'if-none-match': tag } })).status).toBe(200);
  });

  it('weighs less than 60 KB with everything that it loads', async () => {
    rig.state = exampleState(NOW, exampleTrouble(NOW));
    const headers = { 'accept-encoding': 'gzip' };
    const sizeOf = async (path: string) => (await (await rig.request(path, { headers })).arrayBuffer()).byteLength;
    const sizes = await Promise.all(['/', ...rig.assets.files.keys()].map(sizeOf));
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(60 * 1_024);
  });
});

describe('a poll', () => {
  const tagsOf = (page: string) => [...page.matchAll(/data-tag="([^"]+)"/g)].map(([, tag]) => `"${tag}"`);

  it('is answered with 304 while nothing has changed', async () => {
    const tags = tagsOf(await rig.get('/'));
    expect(tags).toHaveLength(6);
    const response = await rig.request('/parts', { headers: { 'if-none-match': tags.join(', ') } });
    expect([response.status, await response.text()]).toEqual([304, '']);
  });

  it('brings the parts that have changed, and no others', async () => {
    const tags = tagsOf(await rig.get('/')).join(', ');
    rig.state = exampleState(NOW, { deadLetters: exampleTrouble(NOW).deadLetters ?? { groups: [], redrives: [] } });
    const parts = await rig.get('/parts', { 'if-none-match': tags });
    expect(parts.match(/hx-target="#[a-z-]+"/g)).toEqual(['hx-target="#verdict"', 'hx-target="#dead-letters"']);
    expect(parts).toContain('data-title="(1) Needs attention · employee-streams"');
  });
});

describe('other pages', () => {
  it('find files by a part of their key', async () => {
    expect(await rig.get('/files?key=%20Salaries%20')).toContain('value="Salaries"');
    expect(rig.searched).toEqual(['Salaries']);
  });

  it('filter dead letters by fixed fields', async () => {
    await rig.get('/dead-letters?code=PIPE_CHANGE_FIELD&key=7&state=&filter=1%3D1');
    expect(rig.filters).toEqual([{ codes: ['PIPE_CHANGE_FIELD'], key: '7', states: PENDING_STATES }]);
    await rig.get('/dead-letters?state=resolved');
    expect(rig.filters.at(-1)).toEqual({ states: ['resolved'] });
    await rig.get('/dead-letters?state=nonsense');
    expect(rig.filters.at(-1)).toEqual({ states: PENDING_STATES });
  });

  it('search for no text that a database cannot hold', async () => {
    await rig.get('/files?key=a%00b');
    expect(rig.searched).toEqual(['a\ufffdb']);
    await rig.get('/dead-letters?key=a%00b');
    expect(rig.filters.at(-1)).toMatchObject({ key: 'a\ufffdb' });
    rig.deadLetter = { ...exampleDeadLetter(NOW), id: 'a\ufffdb' };
    expect((await rig.request('/dead-letter?id=a%00b')).status).toBe(200);
  });

  it('show one dead letter, also one whose name has slashes', async () => {
    const { id, reason } = exampleDeadLetter(NOW);
    expect(id).toContain('/');
    expect(await rig.get(`/dead-letter?id=${encodeURIComponent(id)}`)).toContain(capitalized(reason));
    expect((await rig.request('/dead-letter?id=none')).status).toBe(404);
  });

  it('show a dead letter without its payload when Kafka does not answer within two seconds', async () => {
    const { id, reason } = exampleDeadLetter(NOW);
    const waits: number[] = [];
    rig.readRecord = () => new Promise(() => {});
    rig.sleep = async (ms) => void waits.push(ms);
    const page = await rig.get(`/dead-letter?id=${encodeURIComponent(id)}`);
    expect(page).toContain(capitalized(reason));
    expect(page).toContain('Kafka does not answer');
    expect(waits).toEqual([2_000]);
  });
});

describe('a request that is refused', () => {
  const plainErrorOf = async (response: Response) => {
    const text = await response.text();
    expect(text).not.toMatch(/at .*\.ts|node_modules|stack/i);
    return response.status;
  };

  it.each([
    ['a foreign name in its Host header', '/', { host: 'attacker.example:3000' }, 403],
    ['another port in its Host header', '/', { host: '127.0.0.1:3001' }, 403],
    ['no such page', '/.env', {}, 404],
    ['no such file', '/assets/../config.ts', {}, 404],
    [
      'a method that the page does not have',
      '/',
      { method: 'DELETE', headers: { 'sec-fetch-site': 'same-origin' } },
      405,
    ],
    [
      'an action that comes from another site',
      '/',
      { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } },
      403,
    ],
    ['an action of something that is no browser', '/', { method: 'POST' }, 403],
    ['a huge query', `/files?key=${'x'.repeat(10_000)}`, {}, 414],
  ] as const)('because it has %s gets a plain error', async (_, path, init, status) => {
    expect(await plainErrorOf(await rig.request(path, init))).toBe(status);
    expect(rig.searched).toEqual([]);
  });

  it('because a server is away gets a plain error, and the log says why', async () => {
    rig.findFiles = async () => Promise.reject(new Error('secret detail of the database'));
    const response = await rig.request('/files');
    expect(await plainErrorOf(response.clone())).toBe(503);
    expect(await response.text()).not.toContain('secret detail');
    expect(rig.logger.entries).toHaveLength(1);
  });
});

describe('every response', () => {
  it.each(['/', '/parts', '/files', '/nothing', '/assets/nothing'])(
    'of %s forbids what the page does not need',
    async (path) => {
      const { headers } = await rig.request(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|http/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it('lets browsers keep files whose address changes with their content, and nothing else', async () => {
    for (const path of rig.assets.files.keys()) {
      expect((await rig.request(path)).headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    }
    expect((await rig.request('/')).headers.get('cache-control')).toBe('no-cache');
    expect((await rig.request('/files')).headers.get('cache-control')).toBe('no-store');
  });

  it('has no style or script within the page, which the policy would forbid', async () => {
    rig.state = exampleState(NOW, exampleTrouble(NOW));
    expect(await rig.get('/')).not.toMatch(/<style|style=|<script>|onclick=|javascript:/);
  });
});
