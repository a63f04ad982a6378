import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const PICTURES = 'docs/pictures';

/** Has the hash of the sources that the pictures were made from. */
export const SOURCES_FILE = join(PICTURES, 'sources.json');

/** What decides how the pictures look: the page, and what the demo prints. */
const FOLDERS = ['functions/dashboard/page', 'functions/dashboard/assets', 'localstack/commands/demo'];

/** Of the code only, without comments and layout, so that only what may change a picture asks for new ones. */
export function hashShownSources(root: string): string {
  const hash = createHash('sha256');
  for (const folder of FOLDERS) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort()) {
      if (!/\.(ts|css|js|svg)$/.test(file)) continue;
      hash.update(`${folder}/${file}\n${codeOf(readFileSync(join(root, folder, file), 'utf8'))}\n`);
    }
  }
  return hash.digest('hex').slice(0, 16);
}

function codeOf(source: string): string {
  return source
    .replaceAll(/\/\*.*?\*\//gs, '')
    .replaceAll(/^\s*\/\/.*$/gm, '')
    .replaceAll(/\s+/g, ' ');
}
