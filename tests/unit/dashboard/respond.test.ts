import { gunzipSync, gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { html } from '../../../functions/dashboard/page/markup.ts';
import { respond, type ResponseOptions } from '../../../functions/dashboard/respond.ts';

type Content = Parameters<typeof respond>[1];

function request(content: Content, headers: Record<string, string> = {}, options?: ResponseOptions) {
  return new Hono().get('/', (c) => respond(c, content, options)).request('/', { headers });
}

const LONG = html`<p>${'x'.repeat(1_000 - '<p></p>'.length)}</p>`;

describe('a response', () => {
  it('is a page in UTF-8 that caches do not keep', async () => {
    const response = await request(html`<p>é</p>`);
    expect([response.status, await response.text()]).toEqual([200, '<p>é</p>']);
    expect(Object.fromEntries(response.headers)).toEqual({
      ...{ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', vary: 'Accept-Encoding' },
    });
  });

  it('has the status of an error', async () => {
    expect((await request(html`<p></p>`, {}, { status: 404 })).status).toBe(404);
  });

  it('is compressed from 1,000 bytes, when the browser accepts it', async () => {
    const accepting = { 'accept-encoding': 'deflate, gzip;q=0.9' };
    const response = await request(LONG, accepting);
    expect(response.headers.get('content-encoding')).toBe('gzip');
    expect(gunzipSync(Buffer.from(await response.arrayBuffer())).toString()).toBe(LONG.toString());
    const shorter = html`<p>${'x'.repeat(1_000 - '<p></p>'.length - 1)}</p>`;
    expect((await request(shorter, accepting)).headers.has('content-encoding')).toBe(false);
    for (const headers of [{}, { 'accept-encoding': 'br' }, { 'accept-encoding': 'xgzip' }]) {
      expect((await request(LONG, headers)).headers.has('content-encoding')).toBe(false);
    }
  });

  it('is 304 when the browser has exactly this page', async () => {
    const first = await request(LONG, {}, { revalidated: true });
    const tag = first.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{10}"$/);
    expect(first.headers.get('cache-control')).toBe('no-cache');
    const known = await request(LONG, { 'if-none-match': `"other", ${tag}` }, { revalidated: true });
    expect([known.status, await known.text()]).toEqual([304, '']);
    const changed = await request(html`<p></p>`, { 'if-none-match': tag }, { revalidated: true });
    expect(changed.status).toBe(200);
    expect((await request(LONG, { 'if-none-match': tag })).headers.has('etag')).toBe(false);
  });

  it('of a file has its type and its compressed bytes, and is kept for ever', async () => {
    const bytes = new Uint8Array(1_000).fill(7);
    const asset = { contentType: 'image/svg+xml', bytes, gzipped: new Uint8Array(gzipSync(bytes)) };
    const plain = await request(asset, {}, { immutable: true });
    expect(new Uint8Array(await plain.arrayBuffer())).toEqual(bytes);
    expect(plain.headers.get('content-type')).toBe('image/svg+xml');
    expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const compressed = await request(asset, { 'accept-encoding': 'gzip' }, { immutable: true });
    expect(new Uint8Array(await compressed.arrayBuffer())).toEqual(asset.gzipped);
  });
});
