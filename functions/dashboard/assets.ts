import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { AssetUrls } from './page/layout.ts';

export interface Asset {
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly gzipped: Uint8Array<ArrayBuffer>;
}

export interface Assets {
  readonly urls: AssetUrls;
  /** By path. */
  readonly files: ReadonlyMap<string, Asset>;
}

/** Where the files are that the page loads. */
export interface AssetPaths {
  readonly style: string;
  readonly htmx: string;
  readonly script: string;
  readonly iconWell: string;
  readonly iconAttention: string;
}

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

const HASH_LENGTH = 10;

/** Reads the files once. Their addresses contain a hash of the content, so that browsers may keep them for ever. */
export async function loadAssets(paths: AssetPaths): Promise<Assets> {
  const files = new Map<string, Asset>();
  const load = async (path: string): Promise<string> => {
    const bytes = new Uint8Array(await readFile(path));
    const name = path.slice(path.lastIndexOf('/') + 1);
    const [, stem = name, extension = ''] = /^(.*)\.([^.]+)$/.exec(name) ?? [];
    const url = `/assets/${stem}.${shortHash(bytes)}.${extension}`;
    const contentType = TYPES[extension] ?? 'application/octet-stream';
    files.set(url, { contentType, bytes, gzipped: new Uint8Array(gzipSync(bytes, { level: 9 })) });
    return url;
  };
  const [style, htmx, script, iconWell, iconAttention] = await Promise.all([
    load(paths.style),
    load(paths.htmx),
    load(paths.script),
    load(paths.iconWell),
    load(paths.iconAttention),
  ]);
  return { urls: { style, htmx, script, iconWell, iconAttention }, files };
}

export function shortHash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('base64url').slice(0, HASH_LENGTH);
}
