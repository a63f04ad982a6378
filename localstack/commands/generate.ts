import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { readEndpoints } from '../stack/endpoints.ts';
import { putIntoBucket } from './bucket.ts';
import { runCommand, UsageError, wholeNumber } from './run-command.ts';
import { type SalaryCsvOptions, salaryCsv } from './salary-csv.ts';

const USAGE = `npm run generate -- --rows N [--seed S] [--every SECONDS] [--only-kept] [--key KEY | --out FILE] [--directory DIR]
  --rows N         rows a file
  --seed S         the same seed makes the same file; drawn when absent. With --every each file has the next one
  --every SECONDS  a new file so often, until Ctrl-C, as the source system delivers them
  --only-kept      only rows that pass the filter of the pipeline
  --key KEY        the object's key, so that each file replaces the one before; one of its own when absent
  --out FILE       into a file instead of the bucket; "-" is the standard output
  --directory DIR  of the running stack; .localstack when absent`;

type Destination = { readonly out: string } | { readonly key: string | undefined; readonly directory: string };

/** Makes CSVs as the source system would. */
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
      directory: { type: 'string', default: '.localstack' },
    },
  });
  if (values.rows === undefined) throw new UsageError('--rows is missing: how many rows are wanted?');
  if (values.key !== undefined && values.out !== undefined) throw new UsageError('--key and --out exclude each other.');
  if (values.key?.endsWith('.csv') === false) {
    throw new UsageError(`The key "${values.key}" does not end with .csv, and only such objects are read.`);
  }
  const rows = wholeNumber('--rows', values.rows, 0);
  const everyMs = values.every === undefined ? undefined : 1000 * wholeNumber('--every', values.every, 1);
  const firstSeed =
    values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : wholeNumber('--seed', values.seed, 0);
  const destination: Destination =
    values.out === undefined ? { key: values.key, directory: values.directory } : { out: values.out };

  for (let seed = firstSeed; ; seed += 1) {
    const startedAt = performance.now();
    const place = await generate({ rows, seed, onlyKept: values['only-kept'] }, destination);
    process.stderr.write(`${rows.toLocaleString('en')} rows of seed ${seed} are at ${place}\n`);
    if (everyMs === undefined) return;
    await delay(Math.max(0, everyMs - (performance.now() - startedAt)));
  }
});

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
  for await (const piece of body) {
    if (!process.stdout.write(piece as string)) await once(process.stdout, 'drain');
  }
  return 'the standard output';
}
