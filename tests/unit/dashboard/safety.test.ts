import { isOwnHost } from '../../../functions/dashboard/safety.ts';
import { AppRig, HOST } from '../../support/dashboard/app-rig.ts';

let rig: AppRig;

beforeEach(async () => {
  rig = await AppRig.create();
});

describe('the name in the Host header', () => {
  it.each([
    ['127.0.0.1:3000', '127.0.0.1:3000'],
    ['localhost:3000', '127.0.0.1:3000'],
    ['LocalHost:3000', '127.0.0.1:3000'],
    ['127.0.0.1:3000', '[::1]:3000'],
    ['[::1]:3000', 'localhost:3000'],
    ['localhost', '127.0.0.1'],
    ['page.example', 'page.example'],
  ])('%s is accepted by a page that is served at %s', (host, served) => {
    expect(isOwnHost(host, served)).toBe(true);
  });

  it.each([
    [undefined, '127.0.0.1:3000'],
    ['127.0.0.1:3000', undefined],
    [undefined, undefined],
    ['127.0.0.1:3001', '127.0.0.1:3000'],
    ['127.0.0.1', '127.0.0.1:3000'],
    ['attacker.example:3000', '127.0.0.1:3000'],
    ['localhost.attacker.example:3000', '127.0.0.1:3000'],
    ['localhost:3000.attacker.example', 'localhost:3000'],
    ['localhost:', 'localhost'],
    ['x[::1]:3000', '127.0.0.1:3000'],
    ['[::1]x:3000', '127.0.0.1:3000'],
    ['127.0.0.1', 'page.example'],
    ['page.example:3000', '127.0.0.1:3000'],
    ['other.example', 'page.example'],
    ['a:b:c', 'd:e:f'],
  ])('%s is refused by a page that is served at %s', (host, served) => {
    expect(isOwnHost(host, served)).toBe(false);
  });
});

describe('a request', () => {
  const action = (headers: Record<string, string>, body = 'a=b') => ({
    ...{ method: 'POST', body },
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });
  const OWN = { 'sec-fetch-site': 'same-origin', origin: `http://${HOST}` };

  it('has an address of at most 4,096 characters', async () => {
    const address = (length: number) => `/files?key=${'x'.repeat(length - `http://${HOST}/files?key=`.length)}`;
    expect((await rig.request(address(4_096))).status).toBe(200);
    const refused = await rig.request(address(4_097));
    expect([refused.status, await refused.text()]).toEqual([414, expect.stringContaining('at most 4096 characters')]);
  });

  it('has a form of at most 16 KiB', async () => {
    const form = (length: number) => `note=${'x'.repeat(length - 'note='.length)}`;
    expect((await rig.request('/verify', action(OWN, form(16 * 1_024)))).status).toBe(303);
    const refused = await rig.request('/verify', action(OWN, form(16 * 1_024 + 1)));
    expect([refused.status, await refused.text()]).toEqual([413, expect.stringContaining('at most 16384 bytes')]);
    expect(rig.actions).toHaveLength(1);
  });

  it('acts only when the browser says that it comes from this page', async () => {
    expect((await rig.request('/verify', action(OWN))).status).toBe(303);
    for (const headers of [
      { ...OWN, 'sec-fetch-site': 'none' },
      { origin: OWN.origin },
      { ...OWN, 'sec-fetch-site': 'same-site' },
    ]) {
      const refused = await rig.request('/verify', action(headers));
      expect([headers, refused.status]).toEqual([headers, 403]);
    }
    expect(rig.actions).toHaveLength(1);
  });

  it('that only reads needs no sign of its origin', async () => {
    expect((await rig.request('/', { method: 'HEAD' })).status).toBe(200);
    expect((await rig.request('/')).status).toBe(200);
  });

  it.each([
    ['a foreign name', { host: 'attacker.example' }, 'Expected a request to the address that npm start prints'],
    ['an action of another page', { method: 'POST' }, 'Expected an action that was chosen on this page'],
  ])('with %s is refused with the reason', async (_, init, reason) => {
    expect(await (await rig.request('/', init)).text()).toContain(reason);
  });
});

test('a response allows the page to load only what it needs, from its own server', async () => {
  const { headers } = await rig.request('/');
  expect(headers.get('content-security-policy')?.split('; ').toSorted()).toEqual([
    ...["base-uri 'none'", "connect-src 'self'", "default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"],
    ...["img-src 'self'", "script-src 'self'", "style-src 'self'"],
  ]);
  expect(headers.get('referrer-policy')).toBe('same-origin');
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.has('strict-transport-security')).toBe(false);
});
