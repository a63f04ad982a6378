import { gzipSync } from 'node:zlib';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { type Asset, shortHash } from './assets.ts';
import type { Markup } from './page/markup.ts';

export interface ResponseOptions {
  readonly status?: ContentfulStatusCode;
  /** The browser may keep it for ever, because its address changes with its content. */
  readonly immutable?: true;
  /** The browser keeps it and asks whether it has changed. */
  readonly revalidated?: true;
}

/** Smaller responses do not get smaller by compression. */
const MIN_COMPRESSED_BYTES = 1_000;
/** Of the levels of gzip: a page is compressed for each request. */
const LEVEL = 4;

/** Sends a page or a file, compressed if the browser accepts it, or 304 when the browser has it. */
export function respond(c: Context, content: Markup | Asset, options: ResponseOptions = {}): Response {
  const { status = 200, immutable, revalidated } = options;
  c.header('Vary', 'Accept-Encoding');
  c.header('Cache-Control', immutable ? 'public, max-age=31536000, immutable' : revalidated ? 'no-cache' : 'no-store');
  const asset = 'bytes' in content ? content : undefined;
  const text = asset === undefined ? content.toString() : '';
  if (revalidated) {
    const tag = `"${shortHash(text)}"`;
    c.header('ETag', tag);
    if (c.req.header('if-none-match')?.includes(tag)) return c.body(null, 304);
  }
  c.header('Content-Type', asset?.contentType ?? 'text/html; charset=utf-8');
  const bytes = asset?.bytes ?? new TextEncoder().encode(text);
  const accepts = /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
  if (!accepts || bytes.length < MIN_COMPRESSED_BYTES) return c.body(bytes, status);
  c.header('Content-Encoding', 'gzip');
  return c.body(asset?.gzipped ?? new Uint8Array(gzipSync(bytes, { level: LEVEL })), status);
}
