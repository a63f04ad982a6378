import type { OutcomeSettler } from '../../../functions/redrive/outcome-settler.ts';
import type { RedriveBatch } from '../../../functions/redrive/redrive-batch.ts';
import { Redriver } from '../../../functions/redrive/redriver.ts';
import { redriveEntry } from '../../contract/redrive-ledger-subject.ts';
import { InMemoryFunctionInvoker } from '../../support/in-memory-function-invoker.ts';
import { InMemoryRedriveLedger } from '../../support/in-memory-redrive-ledger.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';
import { NO_DEADLINE } from '../../support/redriver-rig.ts';
import { SleeplessClock } from '../../support/sleepless-clock.ts';

const NOTHING = { published: [], requested: [], refused: [], returned: [], filtered: [], obsolete: [] };

/** A planned redrive of some dead letters, whose records are published at once. */
async function createRig({ marginMs = 1_000, count = 1 } = {}) {
  const ledger = new InMemoryRedriveLedger();
  ledger.add(...Array.from({ length: count }, (_, number) => redriveEntry(number)));
  await ledger.plan({ filter: {}, note: null, rate: null });
  const [self, logger, times] = [new InMemoryFunctionInvoker(), new RecordingLogger(), [] as number[]];
  const clock = new SleeplessClock();
  let executed = 0;
  const settle = jest.fn(async () => void times.push(clock.nowMs));
  const batch = {
    prepare: async (claimed: readonly object[]) => claimed,
    execute: async (
      steps: readonly { readonly dlqId: string; readonly attempts: number; readonly offset: bigint }[],
    ) => {
      executed += steps.length;
      const to = ({ offset }: { readonly offset: bigint }) => ({ topic: 't', partition: 0, offset });
      return { ...NOTHING, published: steps.map((step) => ({ ...step, to: to(step) })) };
    },
  };
  const redriver = new Redriver({
    ...{ ledger, marginMs, redrive: self, logger, settler: { settle } as unknown as OutcomeSettler },
    retention: { deleteOlderThan: async () => ({ deadLetters: 0, redrives: 0, isComplete: true }) },
    batch: batch as unknown as RedriveBatch,
    clock,
  });
  const run = (remainingMs: () => number = NO_DEADLINE.remainingMs) => redriver.run('1', 'me', { remainingMs });
  return { ledger, self, logger, times, run, executed: () => executed, nowMs: () => clock.nowMs };
}
const state = async (ledger: InMemoryRedriveLedger) => (await ledger.find('1'))?.state;

describe('a redrive', () => {
  it('is left to the invocation that works on it', async () => {
    const { ledger, run, logger, executed } = await createRig();
    await ledger.acquire('1', 'another', 1_000);
    expect(await run()).toBe('busy');
    expect([executed(), logger.entries]).toEqual([0, []]);
  });

  it('logs what became of it', async () => {
    const { run, logger } = await createRig();
    await run();
    expect(logger.entries).toEqual([
      { level: 'info', message: 'redrive worked on', context: { redriveId: '1', outcome: 'published' } },
    ]);
  });

  it('is continued by another invocation when less than the margin is left, and stays unfinished', async () => {
    const { run, self, executed, ledger, times } = await createRig();
    const left = [10_000, 999];
    expect(await run(() => left.shift() ?? 0)).toBe('continued');
    expect([executed(), self.events, times]).toEqual([0, [{ action: 'run', redriveId: '1' }], []]);
    expect(await state(ledger)).toBe('running');
    expect(await ledger.acquire('1', 'another', 1_000)).not.toBeNull();
  });

  it('is worked on while the margin is left', async () => {
    const { run, executed } = await createRig();
    const left = [10_000, 1_000];
    expect(await run(() => left.shift() ?? 0)).toBe('published');
    expect(executed()).toBe(1);
  });

  it('keeps at most a quarter of a short invocation as the margin', async () => {
    const { run } = await createRig();
    const left = [400, 100];
    expect(await run(() => left.shift() ?? 0)).toBe('published');
    const short = await createRig();
    const less = [400, 99];
    expect(await short.run(() => less.shift() ?? 0)).toBe('continued');
  });

  it('that another invocation has taken over is not finished by this one', async () => {
    const { run, ledger, self, times } = await createRig();
    jest.spyOn(ledger, 'recordBatch').mockResolvedValue(false);
    expect(await run()).toBe('stopped');
    expect([await state(ledger), self.events, times]).toEqual(['running', [], []]);
  });

  it('begins at the first dead letter again, because some may have come back to lie before its position', async () => {
    const { run, ledger, executed } = await createRig({ count: 2 });
    const nextBatch = jest.spyOn(ledger, 'nextBatch');
    expect(await run()).toBe('published');
    expect(nextBatch.mock.calls.map(([, after]) => after?.offset ?? null)).toEqual([null, 1n, null]);
    expect(executed()).toBe(2);
  });
});

describe('after it has published, a redrive', () => {
  it('waits for outcomes, a look a second for up to 30 seconds', async () => {
    const { run, times } = await createRig();
    expect(await run()).toBe('published');
    expect(times).toEqual(Array.from({ length: 32 }, (_, second) => second * 1_000));
  });

  it('ends as soon as all outcomes are decided', async () => {
    const { run, ledger, times } = await createRig();
    const redrive = await ledger.find('1');
    jest
      .spyOn(ledger, 'find')
      .mockImplementation(async () => redrive && { ...redrive, finishedAt: times.length < 3 ? null : 'now' });
    await run();
    expect(times).toEqual([0, 1_000, 2_000]);
  });

  it('ends when less than the margin is left', async () => {
    const { run, times, nowMs } = await createRig();
    await run(() => (times.length === 0 ? 10_000 : 1_001 - nowMs() / 1_000));
    expect(times).toEqual([0, 1_000, 2_000]);
  });
});
