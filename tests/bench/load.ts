import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { printJson } from '../../localstack/commands/terminal/output.ts';
import { createProgram } from '../../localstack/commands/terminal/program.ts';
import { type PackagedFunction, readPackages, unpack } from '../support/packaged-functions.ts';
import { runBenchmark, say } from './benchmark.ts';
import { median, round } from './statistics.ts';

const run = promisify(execFile);
const PACKAGES = join(import.meta.dirname, '../../.serverless');
const LOADS = 10;

/** As Lambda's runtime does at a cold start, in a new process. */
const LOAD = `
  const startedAt = performance.now();
  const before = process.cpuUsage();
  await import(process.argv[1]);
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ ms: performance.now() - startedAt, cpuMs: (user + system) / 1000 }));
  process.exit();`;

interface LoadedFunction {
  readonly function: string;
  readonly unpackedBytes: number;
  readonly zippedBytes: number;
  /** Medians. The processor time is that of all threads, and varies less while other programs run. */
  readonly loadMs: number;
  readonly loadCpuMs: number;
}

async function measure(packaged: PackagedFunction, directory: string): Promise<LoadedFunction> {
  const { name, unpackedBytes, zippedBytes } = packaged;
  say(`loading ${name} ${LOADS} times`);
  const module = await unpack(packaged, directory);
  const loads: { readonly ms: number; readonly cpuMs: number }[] = [];
  for (let count = 0; count < LOADS; count++) {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', LOAD, module], {
      cwd: dirname(module),
      env: { PATH: process.env['PATH'] },
    });
    loads.push(JSON.parse(stdout));
  }
  return {
    function: name,
    unpackedBytes,
    zippedBytes,
    loadMs: round(median(loads.map(({ ms }) => ms))),
    loadCpuMs: round(median(loads.map(({ cpuMs }) => cpuMs))),
  };
}

const program = createProgram(
  'npm run bench:load',
  `Measures what "npm run package" wrote: the sizes of each function's package, and how long its module takes to load: the median of ${LOADS} new processes. Ends with one line of JSON.`,
).action(async () => {
  const packages = existsSync(PACKAGES) ? await readPackages(PACKAGES) : [];
  if (packages.length === 0) throw new Error('Found no packages in .serverless: call npm run package first.');
  const directory = await mkdtemp(join(tmpdir(), 'employee-streams-load-'));
  try {
    const functions: LoadedFunction[] = [];
    for (const packaged of packages) functions.push(await measure(packaged, directory));
    console.table(
      functions.map(({ unpackedBytes, zippedBytes, ...measured }) => ({
        function: measured.function,
        unpackedMb: round(unpackedBytes / 1e6, 2),
        zippedKb: round(zippedBytes / 1e3),
        loadMs: measured.loadMs,
        loadCpuMs: measured.loadCpuMs,
      })),
    );
    printJson({ functions });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

await runBenchmark(program);
