import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryLock } from '../../../../localstack/stack/process/directory-lock.ts';

test('a locked directory can be locked again only after the release, and the holder is known meanwhile', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lock-'));
  const [first, second] = [new DirectoryLock(directory), new DirectoryLock(directory)];
  expect(first.tryAcquire()).toBeUndefined();
  expect(second.tryAcquire()).toEqual({ heldBy: process.pid });
  first.release();
  expect(second.tryAcquire()).toBeUndefined();
  second.release();
  rmSync(directory, { recursive: true });
});
