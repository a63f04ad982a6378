import { fileOf, HEADER, longFileOf, row } from '../../support/salary-file.ts';
import { TransformRig } from '../../support/transform-rig.ts';

const HEADER_ONLY = `${HEADER}\n`;
const NO_ROWS = { read: 0, filteredOut: 0, rejected: 0, sent: 0 };

describe('CsvTransformer, for versions of a key', () => {
  let rig: TransformRig;
  beforeEach(() => {
    rig = new TransformRig();
  });

  it('does not read a version that has reached its final state', async () => {
    const arrival = rig.put(HEADER_ONLY);
    expect((await rig.transform(arrival)).state).toBe('complete');
    const openCount = rig.store.openedAt.length;
    expect(await rig.transform(arrival)).toEqual({ state: 'complete', counts: NO_ROWS });
    expect(rig.store.openedAt).toHaveLength(openCount);
  });

  it('sends the same rows under the same identity when an event arrives twice at the same time', async () => {
    const arrival = rig.put(longFileOf(1_000));
    const outcomes = await Promise.all([rig.transform(arrival), rig.transform(arrival)]);
    const counts = { read: 1_000, filteredOut: 0, rejected: 100, sent: 900 };
    expect(outcomes.map((outcome) => outcome.counts)).toEqual([counts, counts]);
    const sent = rig.sent;
    expect(sent).toHaveLength(1_800);
    expect(new Set(sent.map((record) => JSON.stringify(record))).size).toBe(900);
  });

  it('ends an older version that arrives late as superseded, without reading it', async () => {
    const older = rig.put(fileOf(row()));
    await rig.transformContent(HEADER_ONLY);
    const openCount = rig.store.openedAt.length;
    expect((await rig.transform(older)).state).toBe('superseded');
    expect(rig.store.openedAt).toHaveLength(openCount);
  });

  it('asks the bucket which version is newer when there is no sequencer', async () => {
    await rig.transformContent(HEADER_ONLY);
    const replaced = rig.put(fileOf(row()), { sequencer: null });
    const latest = rig.put(fileOf(row(), row()), { sequencer: null });
    expect((await rig.transform(replaced)).state).toBe('superseded');
    expect((await rig.transform(latest)).state).toBe('loading');
  });

  it('sends nothing for the same bytes as the current version', async () => {
    await rig.transformContent(fileOf(row()));
    expect((await rig.transformContent(fileOf(row()))).state).toBe('unchanged');
    expect(rig.sent).toHaveLength(1);
  });

  it('validates the same bytes again when they were rejected before', async () => {
    await rig.transformContent('');
    expect((await rig.transformContent('')).state).toBe('rejected');
    expect(rig.deadLetters.deadLetters).toHaveLength(2);
  });

  it('replaces contents A, B, A under one key by the last of them', async () => {
    const arrivals = [];
    for (const content of [fileOf(row()), fileOf(row(), row()), fileOf(row())]) {
      const arrival = rig.put(content);
      arrivals.push(arrival);
      await rig.transform(arrival);
    }
    expect(arrivals.map((arrival) => rig.stateOf(arrival))).toEqual(['superseded', 'superseded', 'loading']);
  });

  it('takes over only after the whole file is validated, and sends only after it took over', async () => {
    await rig.transformContent(`${longFileOf(1_000)}"open`);
    expect(rig.sent).toEqual([]);
    expect(rig.ledger.calls).not.toContain('takeOver');
    rig.publisher.onPublish = () => expect(rig.ledger.calls).toContain('takeOver');
    await rig.transformContent(longFileOf(1_000));
  });

  it('ends as superseded when the object was replaced before the first pass', async () => {
    const replaced = rig.put(fileOf(row()));
    rig.put(HEADER_ONLY);
    expect((await rig.transform(replaced)).state).toBe('superseded');
    expect(rig.stateOf(replaced)).toBe('superseded');
  });

  it('ends as superseded when the object is deleted between the two passes', async () => {
    const arrival = rig.put(longFileOf(1_000));
    rig.store.onChunk = () => rig.bucket.delete(arrival.key);
    expect((await rig.transform(arrival)).state).toBe('superseded');
    expect(rig.ledger.calls.at(-1)).toBe('supersede');
    expect(rig.stateOf(arrival)).toBe('superseded');
    expect(rig.sent).toEqual([]);
  });

  it('ends in the first pass when a newer version takes over meanwhile', async () => {
    const arrival = rig.put(longFileOf(1_000));
    const newer = { ...arrival, version: 'newer', sequencer: 'F', eTag: 'newer' };
    await rig.ledger.register(newer, async () => true);
    rig.store.onChunk = async () => {
      await rig.ledger.takeOver(newer, async () => true);
    };
    expect(await rig.transform(arrival)).toEqual({ state: 'superseded', counts: NO_ROWS });
    expect(rig.sent).toEqual([]);
  });

  it('ends in the first pass when the heartbeat returns that another invocation has rejected the version', async () => {
    const arrival = rig.put(longFileOf(1_000));
    rig.store.onChunk = async () => {
      await rig.ledger.reject(arrival);
      rig.nowMs += 5_000;
    };
    expect(await rig.transform(arrival)).toEqual({ state: 'rejected', counts: NO_ROWS });
    expect(rig.ledger.calls).not.toContain('takeOver');
    expect(rig.sent).toEqual([]);
  });

  it('stops when the heartbeat returns that a newer version has taken over', async () => {
    const arrival = rig.put(longFileOf(5_000));
    const newer = { ...arrival, version: 'newer', sequencer: 'F', eTag: 'newer' };
    rig.publisher.onPublish = async () => {
      await rig.ledger.register(newer, async () => true);
      await rig.ledger.takeOver(newer, async () => true);
      rig.nowMs += 5_000;
    };
    const { state, counts } = await rig.transform(arrival);
    expect(state).toBe('superseded');
    expect(counts.read).toBeLessThan(5_000);
    expect(rig.ledger.calls).not.toContain('finish');
  });
});
