import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { readEndpoints } from '../stack/endpoints.ts';
import { putIntoBucket } from './bucket.ts';
import { runCommand, UsageError } from './run-command.ts';

const USAGE = `npm run upload -- FILE.csv [--key KEY] [--directory DIR]
  --key KEY        the object's key, which must end with .csv to be noticed; the file's name when absent
  --directory DIR  of the running stack; .localstack when absent`;

/** Puts a file into the running stack's bucket. */
await runCommand(USAGE, async (args) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { key: { type: 'string' }, directory: { type: 'string', default: '.localstack' } },
  });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw new UsageError('Expected exactly one file.');
  const key = values.key ?? basename(file);
  if (!key.endsWith('.csv')) {
    throw new UsageError(
      `The key "${key}" does not end with .csv, and only such objects are read: give another by --key.`,
    );
  }
  const status = await stat(file).catch((cause) => {
    throw new Error(`${file} cannot be read: ${(cause as Error).message}. Expected the path of a CSV file.`, { cause });
  });
  if (!status.isFile()) throw new Error(`${file} is no file. Expected the path of a CSV file.`);
  const { s3 } = await readEndpoints(values.directory);
  await putIntoBucket(s3, key, createReadStream(file));
  process.stdout.write(`${file} (${status.size.toLocaleString('en')} bytes) is at s3://${s3.bucket}/${key}\n`);
});
