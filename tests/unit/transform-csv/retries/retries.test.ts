import { ConfigError, InputError } from '../../../../functions/core/errors.ts';
import type { IngestionLedger } from '../../../../functions/ports/ingestion-ledger.ts';
import { FileGoneError } from '../../../../functions/transform-csv/file-gone-error.ts';
import { RetryingIngestionLedger } from '../../../../functions/transform-csv/retries/retrying-ingestion-ledger.ts';
import { RetryingObjectStore } from '../../../../functions/transform-csv/retries/retrying-object-store.ts';
import { RetryingRecordPublisher } from '../../../../functions/transform-csv/retries/retrying-record-publisher.ts';
import { arrivalOf, FakeObjectStore } from '../../../support/transform-fakes.ts';

const unreachable = (): Error => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** A ledger and a publisher that fail a number of times. Waiting moves the clock, and so may each attempt. */
function rigOf(failures: number, { error = unreachable, attemptMs = 0 } = {}) {
  const calls: string[] = [];
  const warnings: string[] = [];
  const clock = { nowMs: 0 };
  const step =
    <Answer>(name: string, answer: Answer) =>
    async (): Promise<Answer> => {
      calls.push(name);
      clock.nowMs += attemptMs;
      if (calls.length <= failures) throw error();
      return answer;
    };
  const ledger: IngestionLedger = {
    register: step('register', 'loading'),
    takeOver: step('takeOver', 'superseded'),
    reportProgress: step('reportProgress', 'loading'),
    finish: step('finish', 'complete'),
    reject: step('reject', undefined),
    supersede: step('supersede', undefined),
  };
  const dependencies = {
    logger: {
      debug: () => {},
      info: () => {},
      warn: (message: string, context: { step?: unknown }) => warnings.push(`${message} ${context.step}`),
    },
    clock: {
      monotonicMs: () => clock.nowMs,
      sleep: async (ms: number) => {
        clock.nowMs += ms;
      },
    },
  };
  return {
    dependencies,
    calls,
    warnings,
    clock,
    ledger: new RetryingIngestionLedger(ledger, dependencies),
    publisher: new RetryingRecordPublisher({ publish: step('publish', undefined) }, dependencies),
  };
}

const file = arrivalOf(Buffer.from('x'));
const counts = { read: 0, filteredOut: 0, rejected: 0, sent: 0 };
const latest = async () => true;
const STEPS: Readonly<Record<string, (rig: ReturnType<typeof rigOf>) => Promise<unknown>>> = {
  register: ({ ledger }) => ledger.register(file, latest),
  takeOver: ({ ledger }) => ledger.takeOver(file, latest),
  reportProgress: ({ ledger }) => ledger.reportProgress(file, counts),
  finish: ({ ledger }) => ledger.finish(file, counts),
  reject: ({ ledger }) => ledger.reject(file),
  supersede: ({ ledger }) => ledger.supersede(file),
  publish: ({ publisher }) => publisher.publish('topic', []),
};

describe('retries', () => {
  it.each(Object.entries(STEPS))('repeat %s while a server is briefly unreachable', async (name, step) => {
    const rig = rigOf(3);
    await step(rig);
    expect(rig.calls).toEqual([name, name, name, name]);
    expect(rig.warnings).toEqual(Array.from({ length: 3 }, () => expect.stringContaining(name)));
  });

  it('return the result of the attempt that succeeds', async () => {
    expect(await rigOf(2).ledger.takeOver(file, latest)).toBe('superseded');
  });

  it.each([0, 5_000, 15_000])(
    'end before the file counts as abandoned when an attempt takes %d ms',
    async (attemptMs) => {
      const rig = rigOf(Number.POSITIVE_INFINITY, { attemptMs });
      await expect(rig.publisher.publish('topic', [])).rejects.toThrow('ECONNREFUSED');
      expect(rig.clock.nowMs).toBeGreaterThan(30_000);
      expect(rig.clock.nowMs).toBeLessThan(60_000);
    },
  );

  it.each([
    ['fails permanently', new InputError('PIPE_FILE_HEADER', 'refused')],
    ['needs an operator', new ConfigError('refused')],
    [
      'the bucket refuses as a wrong request',
      Object.assign(new Error('refused'), { name: 'NoSuchBucket', $fault: 'client' }),
    ],
  ])('do not repeat what %s', async (_what, fault) => {
    const rig = rigOf(1, { error: () => fault });
    await expect(rig.ledger.register(file, latest)).rejects.toThrow('refused');
    expect(rig.calls).toHaveLength(1);
  });
});

describe('a stream that breaks', () => {
  const CONTENT = Buffer.from('abcdefghij');

  async function readAll(store: FakeObjectStore): Promise<string> {
    const object = store.objects.get('employees.csv');
    if (!object) throw new Error('put an object first');
    const bytes = await new RetryingObjectStore(store, rigOf(0).dependencies).open(object.file, 1);
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes ?? []) chunks.push(Uint8Array.from(chunk));
    return Buffer.concat(chunks).toString();
  }

  function storeOf(breaksAfterBytes: number): FakeObjectStore {
    const store = new FakeObjectStore();
    store.put(arrivalOf(CONTENT), CONTENT);
    store.chunkBytes = 2;
    store.breaksAfterBytes = breaksAfterBytes;
    return store;
  }

  it('resumes where it broke, so that each byte is read once', async () => {
    const store = storeOf(4);
    expect(await readAll(store)).toBe('bcdefghij');
    expect(store.opened).toEqual([1, 5]);
  });

  it('is not resumed when the version was replaced in the meantime', async () => {
    const store = storeOf(4);
    store.onChunk = (offset) => {
      const object = store.objects.get('employees.csv');
      if (offset === 3 && object) store.objects.set('employees.csv', { ...object, file: arrivalOf(CONTENT) });
    };
    await expect(readAll(store)).rejects.toThrow(FileGoneError);
  });

  it('is not resumed when it breaks before its first byte', async () => {
    await expect(readAll(storeOf(0))).rejects.toThrow('socket hang up');
  });
});
