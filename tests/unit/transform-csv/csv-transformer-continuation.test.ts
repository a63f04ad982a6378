import type { Checkpoint } from '../../../functions/transform-csv/checkpoint.ts';
import { HEADER, longFileOf } from '../../support/salary-file.ts';
import { TransformRig } from '../../support/transform-rig.ts';

const ROW_COUNT = 5_000;
const CONTENT = longFileOf(ROW_COUNT);
const ROW_NUMBERS = Array.from({ length: ROW_COUNT }, (_, index) => index + 1);
const SENT = ROW_NUMBERS.filter((rowNumber) => rowNumber % 10 !== 0);
const TOTAL = SENT.reduce((sum, salary) => sum + salary, 0);
const COUNTS = { read: ROW_COUNT, filteredOut: 0, rejected: ROW_COUNT - SENT.length, sent: SENT.length };

/** Lets the time of each invocation run short after some chunks, until the file is done. */
async function transformInParts(content: string, chunksEach: number) {
  const rig = new TransformRig();
  let chunkCount = 0;
  rig.store.onChunk = () => {
    chunkCount += 1;
    if (chunkCount % chunksEach === 0) rig.remainingMs = 0;
  };
  let outcome = await rig.transformContent(content);
  let invocationCount = 1;
  for (; outcome.state === 'continued'; invocationCount += 1) {
    rig.remainingMs = 900_000;
    outcome = await rig.resume(rig.continuations.at(-1) as Checkpoint);
  }
  return { rig, outcome, invocationCount };
}

/** Lets the time of the first invocation run short in the second pass. */
async function stopInSecondPass() {
  const rig = new TransformRig();
  rig.store.onChunk = () => {
    if (rig.ledger.calls.includes('takeOver')) rig.remainingMs = 0;
  };
  const outcome = await rig.transformContent(CONTENT);
  rig.store.onChunk = () => {};
  rig.remainingMs = 900_000;
  return { rig, outcome, checkpoint: rig.continuations[0] as Checkpoint };
}

describe('CsvTransformer, in several invocations', () => {
  it('sends the same rows and counts the same as in one invocation', async () => {
    const { rig, outcome, invocationCount } = await transformInParts(CONTENT, 5);
    expect(invocationCount).toBeGreaterThan(4);
    expect(outcome.counts).toEqual(COUNTS);
    expect(rig.sent.map(({ rowNumber }) => rowNumber)).toEqual(SENT);
    expect(rig.totals).toEqual({ ECC: TOTAL });
    const lines = rig.deadLetters.deadLetters.map(({ origin }) => 'line' in origin && origin.line);
    expect(lines).toEqual(Array.from({ length: COUNTS.rejected }, (_, index) => 11 + index * 10));
    expect(rig.ledger.calls.filter((call) => call === 'takeOver')).toHaveLength(1);
  });

  it('continues at the next row instead of at the start of the file', async () => {
    const { rig } = await transformInParts(CONTENT, 5);
    expect(rig.store.openedAt.some((byteOffset) => byteOffset > HEADER.length + 1)).toBe(true);
  });

  it('rejects an unusable file in the invocation that finds the fault', async () => {
    const { rig, outcome, invocationCount } = await transformInParts(`${CONTENT}"open`, 5);
    expect(invocationCount).toBeGreaterThan(1);
    expect(outcome.state).toBe('rejected');
    expect(rig.deadLetters.deadLetters).toMatchObject([{ origin: { line: ROW_COUNT + 2 } }]);
  });

  it('continues later only from rows that are acknowledged', async () => {
    const rig = new TransformRig();
    rig.store.onChunk = () => {
      if (rig.ledger.calls.includes('takeOver')) rig.remainingMs = 0;
    };
    let acknowledged = 0;
    rig.publisher.onPublish = async (records) => {
      await new Promise((resolve) => setImmediate(resolve));
      acknowledged += records.length;
    };
    const { state, counts } = await rig.transformContent(CONTENT);
    expect(state).toBe('continued');
    expect(acknowledged).toBe(counts.sent);
    expect(rig.deadLetters.deadLetters).toHaveLength(counts.rejected);
    expect(rig.continuations).toMatchObject([{ phase: 'send', counts }]);
  });

  it('counts the same when a part runs twice', async () => {
    const { rig, checkpoint } = await stopInSecondPass();
    const outcomes = [await rig.resume(checkpoint), await rig.resume(checkpoint)];
    expect(outcomes.map(({ counts }) => counts)).toEqual([COUNTS, COUNTS]);
    expect(rig.totals).toEqual({ ECC: TOTAL });
  });

  it('keeps the counts of the rows before, from the start of an invocation', async () => {
    const { rig, outcome, checkpoint } = await stopInSecondPass();
    const reported: object[] = [];
    rig.store.onChunk = () => {
      reported.push(...[...rig.database.files.values()].map(({ counts }) => counts));
    };
    await rig.resume(checkpoint);
    expect(outcome.counts.read).toBeGreaterThan(0);
    expect(reported[0]).toEqual(outcome.counts);
  });

  it('does not read a version that was superseded between two invocations', async () => {
    const { rig, outcome, checkpoint } = await stopInSecondPass();
    await rig.transformContent(`${HEADER}\n`);
    const openCount = rig.store.openedAt.length;
    expect(await rig.resume(checkpoint)).toEqual({ state: 'superseded', counts: outcome.counts });
    expect(rig.store.openedAt).toHaveLength(openCount);
  });

  it('reserves at most a quarter of a short invocation, so that each one makes progress', async () => {
    const rig = new TransformRig();
    rig.remainingMs = 100;
    expect((await rig.transformContent(longFileOf(10))).state).toBe('loading');
    rig.remainingMs = 100;
    rig.store.onChunk = () => {
      rig.remainingMs = 24;
    };
    expect((await rig.transformContent(longFileOf(20))).state).toBe('continued');
  });
});
