import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { readEndpoints } from '../stack/endpoints.ts';
import { userPath } from '../stack/user-path.ts';
import { putIntoBucket } from './bucket.ts';
import { requireCsvKey, shellWord } from './csv-file.ts';
import { type SalaryCsvOptions, salaryCsv } from './salary-csv.ts';
import { formatCount } from './terminal/figures.ts';
import { printProgress } from './terminal/output.ts';
import { createProgram, directoryOption, runCommand, UsageError, wholeNumber } from './terminal/program.ts';

const SEED_COUNT = 1_000_000;

type Destination = { readonly out: string } | { readonly key: string | undefined; readonly directory: string };

/** `npm run generate`: generates CSV files like those of the source system. */
const program = createProgram('npm run generate', 'Generates salary files as the source system would.')
  .requiredOption('--rows <N>', 'the number of rows in each file', wholeNumber(0))
  .option(
    '--seed <S>',
    'the same seed generates the same file (default: random); with --every, each file has the next seed',
    wholeNumber(0),
  )
  .option('--every <SECONDS>', 'generate another file at this interval until Ctrl-C', wholeNumber(1))
  .option('--only-kept', 'generate only rows that pass the filter of the pipeline', false)
  .option(
    '--key <KEY>',
    'the key of the object, so that each file replaces the previous one (default: another key for each file)',
  )
  .option('--out <FILE>', 'write to a file instead of the bucket; "-" is the standard output')
  .addOption(directoryOption())
  .action(async ({ rows, seed: givenSeed, every, onlyKept, key, out, directory }) => {
    if (key !== undefined && out !== undefined) throw new UsageError('Expected --key or --out, not both.');
    if (key !== undefined) requireCsvKey(key);
    const destination: Destination = out === undefined ? { key, directory } : { out: await outputPath(out) };
    const firstSeed = givenSeed ?? Math.floor(Math.random() * SEED_COUNT);
    for (let seed = firstSeed; ; seed += 1) {
      const startedAt = performance.now();
      const location = await generate({ rows, seed, onlyKept }, destination);
      printProgress(`Generated ${formatCount(rows)} rows with seed ${seed} to ${location}`);
      if (every === undefined) return;
      await delay(Math.max(0, 1_000 * every - (performance.now() - startedAt)));
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

await runCommand(program);
