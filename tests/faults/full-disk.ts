import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultyStack, ProcessName } from './faulty-stack.ts';

/** The folders in the directory of a stack that get a disk of their own. */
const FOLDERS: Partial<Record<ProcessName, string>> = {
  sourceDatabase: 'source',
  targetDatabase: 'target',
  kafka: 'kafka',
  dynamodb: 'dynamodb',
  s3: 's3-objects',
};

const DISK_SIZE = '512m';
const FILLER = 'filler';
const BLOCK = Buffer.alloc(1024 * 1024);

/** Mounting needs root on Linux. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0;

/** Gives each server a small disk in memory, before the stack starts. */
export function mountDisks({ directory }: FaultyStack): void {
  for (const path of diskPaths(directory)) {
    mkdirSync(path, { recursive: true });
    // The mode of a new folder, because the databases run as another user.
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_SIZE},mode=755`, 'tmpfs', path]);
  }
}

export function unmountDisks({ directory }: FaultyStack): void {
  for (const path of diskPaths(directory)) execFileSync('umount', [path]);
}

export function fillDisk(stack: FaultyStack, name: ProcessName): void {
  const file = openSync(fillerPath(stack, name), 'a');
  try {
    for (let block = BLOCK; block.length > 0; block = block.subarray(0, block.length >> 1)) {
      while (writeBlock(file, block)) {}
    }
  } finally {
    closeSync(file);
  }
}

export function freeDisk(stack: FaultyStack, name: ProcessName): void {
  rmSync(fillerPath(stack, name));
}

/** @returns `false` when the disk is full. */
function writeBlock(file: number, block: Buffer): boolean {
  try {
    return writeSync(file, block) === block.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}

function fillerPath({ directory }: FaultyStack, name: ProcessName): string {
  return join(directory, FOLDERS[name] ?? '', FILLER);
}

function diskPaths(directory: string): string[] {
  return Object.values(FOLDERS).map((folder) => join(directory, folder));
}
