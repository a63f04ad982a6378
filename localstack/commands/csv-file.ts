import { access, constants, stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { userPath } from '../stack/user-path.ts';
import { UsageError } from './terminal/program.ts';

const MAX_KEY_BYTES = 1_024;

export interface CsvFile {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
}

/**
 * Checks a file that the user gave, before anything starts.
 *
 * @throws with one line: what was expected, what was found, and the command that corrects it.
 */
export async function requireCsvFile(given: string): Promise<CsvFile> {
  const expected = 'Expected the path of a CSV file';
  if (given.trim() === '') throw new Error(`${expected}, but found an empty path: name a file, such as salaries.csv.`);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(given)) throw new Error(`${expected}, but found a URL: ${downloadHint(given)}.`);
  const path = userPath(given);
  const status = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' || cause.code === 'ENOTDIR' ? 'does not exist' : `fails with ${cause.code}`;
    throw new Error(`${expected}, but ${path} ${reason}: see "ls ${shellWord(dirname(path))}".`, { cause });
  });
  if (status.isDirectory()) {
    throw new Error(`${expected}, but ${path} is a folder: name one of its files, see "ls ${shellWord(path)}".`);
  }
  if (!status.isFile()) {
    throw new Error(
      `${expected}, but ${path} is a device or a pipe: write it to a file first, with "cat ${shellWord(path)} > salaries.csv".`,
    );
  }
  await access(path, constants.R_OK).catch((cause) => {
    throw new Error(`${expected}, but this user may not read ${path}: run "chmod u+r ${shellWord(path)}".`, { cause });
  });
  return { path, bytes: status.size };
}

/** @throws when the bucket's notification filter would ignore an object with the name of this file as its key. */
export function requireCsvName(path: string, correction: (csvName: string) => string): void {
  const name = basename(path);
  if (name.endsWith('.csv')) return;
  const csvName = `${basename(name, extname(name))}.csv`;
  throw new Error(
    `Expected a file name that ends with .csv, in lower case, because the pipeline reads only those, but found ` +
      `${name}: run ${correction(csvName)}.`,
  );
}

/** @throws when S3 does not accept the key, or an object with it would not start the pipeline. */
export function requireCsvKey(key: string): void {
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new UsageError('Expected a key of at most 1,024 bytes, but found a longer one.');
  }
  if (key.endsWith('.csv')) return;
  throw new UsageError(
    `Expected a key that ends with .csv, because the pipeline reads only those, but found "${key}".`,
  );
}

/** The text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return /^[\w./,:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function downloadHint(url: string): string {
  if (url.startsWith('file:')) return 'give the path without "file://"';
  const command = url.startsWith('s3:') ? `aws s3 cp ${shellWord(url)} .` : `curl -fLO ${shellWord(url)}`;
  return `download it first, with "${command}"`;
}
