import { ConfigError, InputError } from '../../../functions/core/errors.ts';
import type { IngestionLedger } from '../../../functions/ports/ingestion-ledger.ts';
import { FileGone } from '../../../functions/transform-csv/file-reader.ts';
import { Patience } from '../../../functions/transform-csv/patience.ts';
import { arrivalOf, FakeObjectStore } from '../../support/transform-fakes.ts';

const away = (): Error => Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

/** A ledger and a publisher that fail so many times; waiting moves the clock, and each attempt may take time, too. */
function rigOf(failures: number, { error = away, attemptMs = 0 } = {}) {
  const asked: string[] = [];
  const warnings: string[] = [];
  const clock = { nowMs: 0 };
  const step =
    <Answer>(name: string, answer: Answer) =>
    async (): Promise<Answer> => {
      asked.push(name);
      clock.nowMs += attemptMs;
      if (asked.length <= failures) throw error();
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
  const patience = new Patience({
    logger: {
      debug: () => {},
      info: () => {},
      warn: (message, context) => warnings.push(`${message} ${context['step']}`),
    },
    clock: {
      monotonicMs: () => clock.nowMs,
      sleep: async (ms) => {
        clock.nowMs += ms;
      },
    },
  });
  return {
    patience,
    asked,
    warnings,
    clock,
    ledger: patience.ledger(ledger),
    publisher: patience.publisher({ publish: step('publish', undefined) }),
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

describe('Patience', () => {
  it.each(Object.entries(STEPS))('tries %s again while a server is away for a moment', async (name, step) => {
    const rig = rigOf(3);
    await step(rig);
    expect(rig.asked).toEqual([name, name, name, name]);
    expect(rig.warnings).toEqual(Array.from({ length: 3 }, () => expect.stringContaining(name)));
  });

  it('passes the answer on', async () => {
    expect(await rigOf(2).ledger.takeOver(file, latest)).toBe('superseded');
  });

  it.each([0, 5_000, 15_000])('gives up in time for the heartbeat when an attempt takes %d ms', async (attemptMs) => {
    const rig = rigOf(Number.POSITIVE_INFINITY, { attemptMs });
    await expect(rig.publisher.publish('topic', [])).rejects.toThrow('ECONNREFUSED');
    expect(rig.clock.nowMs).toBeGreaterThan(30_000);
    expect(rig.clock.nowMs).toBeLessThan(60_000);
  });

  it.each([
    ['can never succeed', new InputError('PIPE_FILE_HEADER', 'refused')],
    ['somebody has to correct', new ConfigError('refused')],
    ['the bucket refuses', Object.assign(new Error('refused'), { name: 'NoSuchBucket', $fault: 'client' })],
  ])('does not try again what %s', async (_what, fault) => {
    const rig = rigOf(1, { error: () => fault });
    await expect(rig.ledger.register(file, latest)).rejects.toThrow('refused');
    expect(rig.asked).toHaveLength(1);
  });
});

describe('a body that breaks off', () => {
  const CONTENT = Buffer.from('abcdefghij');

  async function readAll(store: FakeObjectStore): Promise<string> {
    const object = store.objects.get('employees.csv');
    if (!object) throw new Error('put an object first');
    const bytes = await rigOf(0).patience.store(store).open(object.file, 1);
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

  it('is read on from there, each byte once', async () => {
    const store = storeOf(4);
    expect(await readAll(store)).toBe('bcdefghij');
    expect(store.opened).toEqual([1, 5]);
  });

  it('is given up when another version is in its place meanwhile', async () => {
    const store = storeOf(4);
    store.onChunk = (offset) => {
      const object = store.objects.get('employees.csv');
      if (offset === 3 && object) store.objects.set('employees.csv', { ...object, file: arrivalOf(CONTENT) });
    };
    await expect(readAll(store)).rejects.toThrow(FileGone);
  });

  it('is a failure when not even its first byte comes', async () => {
    await expect(readAll(storeOf(0))).rejects.toThrow('socket hang up');
  });
});
