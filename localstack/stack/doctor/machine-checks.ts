import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { runProgram } from '../process/run-program.ts';
import type { CheckOptions, Finding } from './finding.ts';

const GIGABYTE = 1_000_000_000;
/** Kafka's segments, two databases, and the jars. With less, a server stops in the middle of its work. */
const MIN_DISK_BYTES = 0.5 * GIGABYTE;
const COMFORTABLE_DISK_BYTES = 2 * GIGABYTE;
/** All servers and functions together take about 1.5 GB. */
const COMFORTABLE_MEMORY_BYTES = 1.5 * GIGABYTE;
/** Kafka keeps two files open for each segment of a partition, and a connection is a file too. */
export const MIN_OPEN_FILES = 256;

export function checkNode(): Finding {
  return { subject: 'Node', state: 'ok', found: `${process.versions.node} at ${process.execPath}` };
}

export function checkShell(platform: string = process.platform): Finding {
  const subject = 'Shell';
  if (platform !== 'win32') return { subject, state: 'ok', found: '/bin/sh' };
  return { subject, state: 'missing', found: 'expected a POSIX shell, but found Windows', remedy: 'wsl --install' };
}

export function checkMemory(available = process.availableMemory(), total = totalmem()): Finding {
  const subject = 'Memory';
  const found = `${gigabytes(available)} of ${gigabytes(total)} GB available`;
  if (available >= COMFORTABLE_MEMORY_BYTES) return { subject, state: 'ok', found };
  const expected = `${found}, expected ${gigabytes(COMFORTABLE_MEMORY_BYTES)} GB: the system may kill servers`;
  return { subject, state: 'warning', found: expected, remedy: 'close other programs' };
}

/** The directories that the stack writes into: whether they can be written, and the space left. */
export function checkDirectories({ directory }: Pick<CheckOptions, 'directory'>): Finding[] {
  return [
    checkDirectory('Stack directory', directory, '--directory DIR'),
    checkDirectory('Temporary files', tmpdir(), 'TMPDIR=DIR', { mustExist: true }),
  ];
}

export function checkDirectory(
  subject: string,
  path: string,
  setting: string,
  { mustExist = false, freeBytes }: { mustExist?: boolean; freeBytes?: number } = {},
): Finding {
  const remedy = `choose another one with ${setting}`;
  const existing = mustExist ? resolve(path) : nearestExisting(path);
  const missing = (found: string): Finding => ({ subject, state: 'missing', found, remedy });
  if (!existsSync(existing)) return missing(`expected a directory, but ${path} does not exist`);
  if (!statSync(existing).isDirectory()) return missing(`expected a directory, but ${existing} is a file`);
  try {
    accessSync(existing, constants.W_OK | constants.X_OK);
  } catch {
    return missing(`expected a directory that this user may write, but ${existing} is not`);
  }
  const free = freeBytes ?? freeBytesAt(existing);
  const found = `${path}, ${gigabytes(free)} GB free`;
  if (free < MIN_DISK_BYTES) return missing(`${found}, expected at least ${gigabytes(MIN_DISK_BYTES)} GB`);
  if (free >= COMFORTABLE_DISK_BYTES) return { subject, state: 'ok', found };
  return { subject, state: 'warning', found: `${found}, expected ${gigabytes(COMFORTABLE_DISK_BYTES)} GB`, remedy };
}

/** Node raises its own limit to the hard one, and its child processes inherit that. */
export async function checkOpenFiles({ signal }: Pick<CheckOptions, 'signal'>): Promise<Finding> {
  const subject = 'Open files';
  const output = await runProgram({ file: 'sh', args: ['-c', 'ulimit -Hn'] }, { signal }).catch(() => 'unknown');
  const limit = Number.parseInt(output, 10);
  // "unlimited", or a shell without this limit.
  if (Number.isNaN(limit) || limit >= MIN_OPEN_FILES)
    return { subject, state: 'ok', found: `at most ${output.trim()}` };
  return {
    subject,
    state: 'missing',
    found: `expected a limit of at least ${MIN_OPEN_FILES}, but found ${limit}`,
    remedy: `run "ulimit -n 4096" in a new terminal, or as root "prlimit --nofile=4096 --pid PID-OF-THE-SHELL"`,
  };
}

function nearestExisting(path: string): string {
  const absolute = resolve(path);
  return existsSync(absolute) || dirname(absolute) === absolute ? absolute : nearestExisting(dirname(absolute));
}

function freeBytesAt(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

function gigabytes(bytes: number): string {
  return (bytes / GIGABYTE).toFixed(1);
}
