import { InputError } from '../../../../functions/core/errors.ts';
import { FileGoneError } from '../../../../functions/csv/file-gone-error.ts';
import { RetryingObjectStore } from '../../../../functions/transform-csv/retries/retrying-object-store.ts';
import { readAll } from '../../../contract/object-store.ts';
import { TransformRig } from '../../../support/transform-rig.ts';
import { FailingSteps, unreachable } from './failing-steps.ts';

describe('RetryingObjectStore', () => {
  let rig: TransformRig;
  let steps: FailingSteps;
  let store: RetryingObjectStore;
  beforeEach(() => {
    rig = new TransformRig();
    rig.store.chunkBytes = 2;
    steps = new FailingSteps(0);
    store = new RetryingObjectStore(rig.store, steps.dependencies);
  });

  it('resumes a stream where it broke, so that each byte is read once', async () => {
    const file = rig.put('abcdefghij');
    rig.store.breakAfterBytes = 4;
    expect((await readAll(await store.open(file, 1))).toString()).toBe('bcdefghij');
    expect(rig.store.openedAt).toEqual([1, 5]);
  });

  it('resumes a stream each time it breaks', async () => {
    const file = rig.put('abcdefghij');
    rig.store.breakAfterBytes = 2;
    rig.store.onChunk = (offset) => {
      if (offset < 8) rig.store.breakAfterBytes = 2;
    };
    expect((await readAll(await store.open(file, 0))).toString()).toBe('abcdefghij');
    expect(rig.store.openedAt.length).toBeGreaterThan(2);
  });

  it('fails when the version was replaced before the stream resumes', async () => {
    const file = rig.put('abcdefghij');
    rig.store.breakAfterBytes = 4;
    rig.store.onChunk = (offset) => {
      if (offset === 3) rig.put('another content');
    };
    const reading = readAll(await store.open(file, 1));
    await expect(reading).rejects.toThrow(FileGoneError);
    await expect(reading).rejects.toThrow(
      `version ${file.version} of employees.csv was replaced or deleted while it was read`,
    );
  });

  it('does not resume a stream after a permanent error', async () => {
    const file = rig.put('abcdefghij');
    const error = new InputError('PIPE_FILE_HEADER', 'refused');
    rig.store.onChunk = (offset) => {
      if (offset === 4) throw error;
    };
    await expect(readAll(await store.open(file, 0))).rejects.toBe(error);
    expect(rig.store.openedAt).toEqual([0]);
  });

  it('fails when a stream breaks before its first byte, because resuming makes no progress', async () => {
    const file = rig.put('abcdefghij');
    rig.store.breakAfterBytes = 0;
    await expect(readAll(await store.open(file, 1))).rejects.toThrow('socket hang up');
  });

  it.each(['open', 'isLatest'] as const)('retries %s', async (method) => {
    const file = rig.put('abcdefghij');
    rig.bucket.outage = unreachable();
    const { logger, clock } = steps.dependencies;
    const sleep = async (ms: number) => {
      await clock.sleep(ms);
      rig.bucket.outage = undefined;
    };
    const retrying = new RetryingObjectStore(rig.store, { logger, clock: { ...clock, sleep } });
    expect(await retrying[method](file, 0)).toBeTruthy();
    expect(steps.retried).toEqual([method]);
  });

  it('returns null for a version that is gone', async () => {
    const file = rig.put('abcdefghij');
    rig.bucket.delete(file.key);
    expect(await store.open(file, 0)).toBeNull();
  });
});
