import { eventually } from '../../support/eventually.ts';
import { longFileOf } from '../../support/salary-file.ts';
import { TransformRig } from '../../support/transform-rig.ts';

const CONTENT = longFileOf(5_000);
const COUNTS = { read: 5_000, filteredOut: 0, rejected: 500, sent: 4_500 };

describe('CsvTransformer, for its counts', () => {
  let rig: TransformRig;
  beforeEach(() => {
    rig = new TransformRig();
  });

  it('counts every row once: read = filtered out + rejected + sent', async () => {
    const arrival = rig.put(CONTENT);
    expect((await rig.transform(arrival)).counts).toEqual(COUNTS);
    expect(rig.database.file(arrival)).toMatchObject({ counts: COUNTS, isEnded: true });
    expect(rig.deadLetters.deadLetters).toHaveLength(COUNTS.rejected);
  });

  it('keeps read = filtered out + rejected + sent in every report of progress', async () => {
    const reported: object[] = [];
    rig.store.onChunk = () => {
      rig.nowMs += 5_000;
      for (const { counts } of rig.database.files.values()) {
        reported.push(counts);
        expect(counts.read).toBe(counts.filteredOut + counts.rejected + counts.sent);
      }
    };
    await rig.transformContent(CONTENT);
    expect(new Set(reported).size).toBeGreaterThan(3);
  });

  it('sends a heartbeat every five seconds in both passes', async () => {
    rig.store.onChunk = () => {
      rig.nowMs += 1_000;
    };
    await rig.transformContent(CONTENT);
    const { calls } = rig.ledger;
    const chunkCount = Math.ceil(CONTENT.length / rig.store.chunkBytes);
    const takeOverAt = calls.indexOf('takeOver');
    for (const pass of [calls.slice(0, takeOverAt), calls.slice(takeOverAt)]) {
      const heartbeats = pass.filter((call) => call === 'reportProgress').length;
      expect(heartbeats).toBeGreaterThanOrEqual(Math.floor(chunkCount / 5) - 1);
      expect(heartbeats).toBeLessThanOrEqual(Math.ceil(chunkCount / 5));
    }
  });

  it('records the end only when every record and every dead letter is acknowledged', async () => {
    const records = Promise.withResolvers<void>();
    const deadLetters = Promise.withResolvers<void>();
    const started: string[] = [];
    rig.publisher.onPublish = () => {
      started.push('records');
      return records.promise;
    };
    rig.deadLetters.onPublish = () => {
      started.push('dead letters');
      return deadLetters.promise;
    };
    const transforming = rig.transformContent(longFileOf(100));
    await eventually(() => started.length === 2);
    for (const { resolve } of [records, deadLetters]) {
      await new Promise((done) => setImmediate(done));
      expect(rig.ledger.calls).not.toContain('finish');
      resolve();
    }
    await transforming;
    expect(rig.ledger.calls).toContain('finish');
  });

  it('limits the number of publishes in flight and their size', async () => {
    rig.publisher.onPublish = () => new Promise((resolve) => setImmediate(resolve));
    await rig.transformContent(CONTENT);
    expect(rig.publisher.mostUnderWay).toBeGreaterThan(1);
    expect(rig.publisher.mostUnderWay).toBeLessThanOrEqual(3);
    expect(Math.max(...rig.publisher.callSizes)).toBeLessThanOrEqual(1_500);
  });
});
