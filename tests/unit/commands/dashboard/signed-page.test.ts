import { signedPage } from '../../../../localstack/commands/dashboard/signed-page.ts';
import type { PageRequest } from '../../../../localstack/stack/service/page-server.ts';

const URL_OF_API = 'https://abc.execute-api.eu-central-1.amazonaws.com';

const REQUEST: PageRequest = {
  method: 'GET',
  target: '/files?key=a%2Fb',
  headers: { host: '127.0.0.1:3100', 'if-none-match': '"a"', cookie: 'secret', 'accept-encoding': 'gzip' },
  body: Buffer.alloc(0),
};

async function answer(request: PageRequest, response: Response) {
  const sent: { url: string; init: RequestInit & { headers: Record<string, string> } }[] = [];
  const page = signedPage({
    ...{ url: URL_OF_API, region: 'eu-central-1' },
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    fetch: (async (url: URL, init: never) => {
      sent.push({ url: url.href, init });
      return response;
    }) as unknown as typeof fetch,
  });
  return { answered: page(request, '127.0.0.1:3100'), sent };
}

describe('signedPage', () => {
  it('signs a request to the API, and passes on only what the function needs', async () => {
    const { answered, sent } = await answer(REQUEST, new Response('page', { headers: { etag: '"b"' } }));
    expect(await answered).toMatchObject({ status: 200, headers: { etag: '"b"' } });
    const [{ url, init } = { url: '', init: { headers: {} as Record<string, string> } }] = sent;
    expect(url).toBe(`${URL_OF_API}/files?key=a%2Fb`);
    expect(init.headers['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/execute-api\/aws4_request/,
    );
    expect(init.headers).toMatchObject({ host: new URL(URL_OF_API).host, 'if-none-match': '"a"' });
    expect(init.headers).not.toHaveProperty('cookie');
  });

  it.each(['//attacker.example/x', '/\\attacker.example/x', '//user@attacker.example'])(
    'sends a signed request to no other host, also for %s',
    async (target) => {
      const { answered, sent } = await answer({ ...REQUEST, target }, new Response('page'));
      await answered;
      expect(new URL(sent[0]?.url ?? '').origin).toBe(URL_OF_API);
      expect(sent[0]?.init.headers['host']).toBe(new URL(URL_OF_API).host);
    },
  );

  it('sends the query as it is signed, whatever the browser encodes in another way', async () => {
    const addressFor = async (target: string) => {
      const { answered, sent } = await answer({ ...REQUEST, target }, new Response('page'));
      await answered;
      return sent[0]?.url;
    };
    expect(await addressFor("/files?key=a+b%20c?d&key=(e)*'!~&state=")).toBe(
      `${URL_OF_API}/files?key=a%20b%20c%3Fd&key=%28e%29%2A%27%21~&state=`,
    );
  });

  it('lets an action come from the address of the API, because the page server has checked where it comes from', async () => {
    const headers = { ...REQUEST.headers, 'content-type': 'application/x-www-form-urlencoded' };
    const action = { ...REQUEST, method: 'POST', target: '/verify', headers, body: Buffer.from('a=b') };
    const response = new Response(null, { status: 303, headers: { location: '/#agreement' } });
    const { answered, sent } = await answer(action, response);
    expect(await answered).toMatchObject({ status: 303, headers: { location: '/#agreement' } });
    expect(sent[0]?.init.headers).toMatchObject({ origin: URL_OF_API, 'sec-fetch-site': 'same-origin' });
    expect(sent[0]?.init.body).toEqual(new Uint8Array(Buffer.from('a=b')));
  });

  it('says which permission is missing when AWS refuses the request', async () => {
    const headers = { 'content-type': 'application/json' };
    const { answered } = await answer(REQUEST, new Response('{"message":"Forbidden"}', { status: 403, headers }));
    await expect(answered).rejects.toThrow('execute-api:Invoke');
  });

  it('passes on what the page itself refuses', async () => {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    const { answered } = await answer(REQUEST, new Response('<h1>Refused</h1>', { status: 403, headers }));
    expect((await answered).status).toBe(403);
  });

  it('does not say that a body is compressed that fetch has decompressed', async () => {
    const headers = { 'content-encoding': 'gzip', 'content-length': '5', etag: '"b"' };
    const { answered } = await answer(REQUEST, new Response('page', { headers }));
    expect(Object.keys((await answered).headers)).toEqual(['content-type', 'etag']);
  });
});
