import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryLock } from '../../../../localstack/stack/process/directory-lock.ts';

test('a locked directory can be locked again only after the release, and the holder is known meanwhile', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lock-'));
  const [first, second] = [new DirectoryLock(directory), new DirectoryLock(directory)];
  expect(first.tryAcquire()).toBeUndefined();
  expect(second.tryAcquire()).toEqual({ heldBy: process.pid });
  expect(DirectoryLock.findHolder(directory)).toBe(process.pid);
  first.release();
  expect(DirectoryLock.findHolder(directory)).toBeUndefined();
  expect(second.tryAcquire()).toBeUndefined();
  second.release();
  writeFileSync(join(directory, 'lock.pid'), '4194305');
  expect(DirectoryLock.findHolder(directory)).toBeUndefined();
  rmSync(directory, { recursive: true });
});
