import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { readEndpoints } from '../stack/endpoints.ts';
import { stackDirectory } from '../stack/user-path.ts';
import { putIntoBucket } from './bucket.ts';
import { requireCsvFile, requireCsvName, shellWord } from './csv-file.ts';
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
  if (values.key !== undefined) requireCsvKey(values.key);
  const { path, bytes } = await requireCsvFile(file);
  if (values.key === undefined) {
    requireCsvName(path, (csvName) => `"npm run upload -- ${shellWord(file)} --key ${shellWord(csvName)}"`);
  }
  const key = values.key ?? basename(path);
  const { s3 } = await readEndpoints(stackDirectory(values.directory));
  await putIntoBucket(s3, key, createReadStream(path));
  console.log(`Uploaded ${file} (${bytes.toLocaleString('en')} bytes) to s3://${s3.bucket}/${key}`);
});
