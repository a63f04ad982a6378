import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { readEndpoints } from '../stack/endpoints.ts';
import { putIntoBucket } from './bucket.ts';
import { DIRECTORY_USAGE, directoryOption, requireCsvKey, runCommand, UsageError } from './run-command.ts';

const USAGE = `npm run upload -- FILE.csv [--key KEY] [--directory DIR]
  --key KEY        the key of the object, which must end with .csv (default: the name of the file)
${DIRECTORY_USAGE}`;

/** `npm run upload`: uploads a file to the bucket of the running stack. */
await runCommand(USAGE, async (args) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { key: { type: 'string' }, directory: directoryOption },
  });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) {
    throw new UsageError(`Expected exactly one file, but found ${positionals.length}.`);
  }
  const key = values.key ?? basename(file);
  requireCsvKey(key);
  const status = await stat(file).catch((cause) => {
    throw new Error(`Expected the path of a CSV file, but cannot read ${file}: ${(cause as Error).message}.`, {
      cause,
    });
  });
  if (!status.isFile()) throw new Error(`Expected the path of a CSV file, but ${file} is not a file.`);
  const { s3 } = await readEndpoints(values.directory);
  await putIntoBucket(s3, key, createReadStream(file));
  console.log(`Uploaded ${file} (${status.size.toLocaleString('en')} bytes) to s3://${s3.bucket}/${key}`);
});
