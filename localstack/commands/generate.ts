import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readEndpoints } from '../stack/endpoints.ts';
import { stackDirectory, userPath } from '../stack/user-path.ts';
import { putIntoBucket } from './bucket.ts';
import { shellWord } from './csv-file.ts';
import { DIRECTORY_USAGE, directoryOption, requireCsvKey, runCommand, UsageError, wholeNumber } from './run-command.ts';
import { type SalaryCsvOptions, salaryCsv } from './salary-csv.ts';

const USAGE = `npm run generate -- --rows N [--seed S] [--every SECONDS] [--only-kept] [--key KEY | --out FILE] [--directory DIR]
  --rows N         the number of rows in each file
  --seed S         the same seed generates the same file (default: random); with --every, each file has the next seed
  --every SECONDS  generate another file at this interval until Ctrl-C
  --only-kept      generate only rows that pass the filter of the pipeline
  --key KEY        the key of the object, so that each file replaces the previous one (default: another key for each file)
  --out FILE       write to a file instead of the bucket; "-" is the standard output
${DIRECTORY_USAGE}`;

const SEED_COUNT = 1_000_000;

type Destination = { readonly out: string } | { readonly key: string | undefined; readonly directory: string };

/** `npm run generate`: generates CSV files like those of the source system. */
await runCommand(USAGE, async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: 'string' },
      seed: { type: 'string' },
      every: { type: 'string' },
      'only-kept': { type: 'boolean', default: false },
      key: { type: 'string' },
      out: { type: 'string' },
      directory: directoryOption,
    },
  });
  if (values.rows === undefined) throw new UsageError('Expected --rows N, the number of rows in each file.');
  if (values.key !== undefined && values.out !== undefined) throw new UsageError('Expected --key or --out, not both.');
  if (values.key !== undefined) requireCsvKey(values.key);
  const rows = wholeNumber('--rows', values.rows, 0);
  const everyMs = values.every === undefined ? undefined : 1000 * wholeNumber('--every', values.every, 1);
  const firstSeed =
    values.seed === undefined ? Math.floor(Math.random() * SEED_COUNT) : wholeNumber('--seed', values.seed, 0);
  const destination: Destination =
    values.out === undefined
      ? { key: values.key, directory: stackDirectory(values.directory) }
      : { out: await outputPath(values.out) };

  for (let seed = firstSeed; ; seed += 1) {
    const startedAt = performance.now();
    const location = await generate({ rows, seed, onlyKept: values['only-kept'] }, destination);
    // The standard output may be the file.
    console.error(`Generated ${rows.toLocaleString('en')} rows with seed ${seed} to ${location}`);
    if (everyMs === undefined) return;
    await delay(Math.max(0, everyMs - (performance.now() - startedAt)));
  }
});

/** @throws when no file can be written there. */
async function outputPath(given: string): Promise<string> {
  if (given === '-') return given;
  if (given === '') throw new UsageError('Expected --out to be the path of a file, but found an empty path.');
  const path = userPath(given);
  if ((await stat(path).catch(() => undefined))?.isDirectory()) {
    throw new UsageError(`Expected --out to be the path of a file, but ${path} is a folder.`);
  }
  const folder = dirname(path);
  await access(folder, constants.W_OK).catch((cause) => {
    throw new Error(`Cannot write ${path}, because ${folder} cannot be written: run "mkdir -p ${shellWord(folder)}".`, {
      cause,
    });
  });
  return path;
}

async function generate(options: SalaryCsvOptions, destination: Destination): Promise<string> {
  const body = Readable.from(salaryCsv(options));
  if (!('out' in destination)) {
    const { s3 } = await readEndpoints(destination.directory);
    const key = destination.key ?? `employee-salaries-${options.rows}-${options.seed}.csv`;
    await putIntoBucket(s3, key, body);
    return `s3://${s3.bucket}/${key}`;
  }
  if (destination.out !== '-') {
    await pipeline(body, createWriteStream(destination.out));
    return destination.out;
  }
  for await (const chunk of body) {
    if (!process.stdout.write(chunk as string)) await once(process.stdout, 'drain');
  }
  return 'the standard output';
}
