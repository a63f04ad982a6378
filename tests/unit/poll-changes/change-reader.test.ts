import type { Position, Progress } from '../../../functions/core/change-position.ts';
import {
  CaptureGapError,
  ChangeReader,
  type ReadResult,
  SourceRestartedError,
} from '../../../functions/poll-changes/change-reader.ts';
import { InMemoryChangeSource } from '../../support/cdc/in-memory-change-source.ts';

const PAGE_SIZE = 3;
const PARTITION_COUNT = 2;

let source: InMemoryChangeSource;
beforeEach(() => {
  source = new InMemoryChangeSource(PAGE_SIZE);
});

/** One transaction that writes all of them. */
function put(...empIds: readonly number[]): void {
  const txid = source.begin();
  const values = { firstName: null, lastName: null, dob: null, city: null, salary: null };
  for (const empId of empIds) source.put(txid, { empId, ...values });
  source.commit(txid);
}

async function createReader(phase: 'snapshot' | 'stream', serverStartedAt = 'once') {
  const { snapshot, ...start } = await source.beginSnapshot(0n);
  const progress: Progress =
    phase === 'snapshot' ? { phase, since: snapshot, afterEmpId: null } : { phase, since: snapshot, page: null };
  const position: Position = { ...start, progress };
  return { reader: new ChangeReader(source, position, serverStartedAt, PARTITION_COUNT), position };
}

const summary = ({ records }: ReadResult) =>
  records.map(({ key, value, partition }) => [key, JSON.parse(String(value)).action, partition]);

const inEveryPartition = (action: string) =>
  Array.from({ length: PARTITION_COUNT }, (_, partition) => [null, action, partition]);

describe('a snapshot', () => {
  it('is read chunk by chunk, and ends in every partition', async () => {
    put(1, 2, 3, 4);
    const { reader, position } = await createReader('snapshot');
    const first = await reader.read(position.progress);
    expect(summary(first).map(([key, action]) => [key, action])).toEqual([
      ['1', 'SNAPSHOT'],
      ['2', 'SNAPSHOT'],
      ['3', 'SNAPSHOT'],
    ]);
    expect(first).toMatchObject({ changeCount: 3, hasMore: true, progress: { phase: 'snapshot', afterEmpId: 3 } });
    const second = await reader.read(first.progress);
    expect(summary(second)).toEqual([['4', 'SNAPSHOT', undefined], ...inEveryPartition('SNAPSHOT_END')]);
    expect(second).toMatchObject({
      ...{ changeCount: 1, hasMore: true },
      progress: { phase: 'stream', since: position.progress.since, page: null },
    });
  });

  it('ends with an empty chunk when the employees fill the chunks exactly, or are none', async () => {
    const empty = await createReader('snapshot');
    expect(summary(await empty.reader.read(empty.position.progress))).toEqual(inEveryPartition('SNAPSHOT_END'));
    put(1, 2, 3);
    const full = await createReader('snapshot');
    const first = await full.reader.read(full.position.progress);
    expect(summary(await full.reader.read(first.progress))).toEqual(inEveryPartition('SNAPSHOT_END'));
  });

  it('ends with the time at which its epoch began', async () => {
    const { reader, position } = await createReader('snapshot');
    const { records } = await reader.read(position.progress);
    expect(JSON.parse(String(records[0]?.value))).toMatchObject({
      epoch: String(position.epoch),
      partitions: PARTITION_COUNT,
      changedAt: new Date(Number(position.epoch)).toISOString(),
    });
  });
});

describe('a difference', () => {
  it('is read at once when it fits into a page, and the next one has to wait', async () => {
    const { reader, position } = await createReader('stream');
    put(1, 2, 3);
    const result = await reader.read(position.progress);
    expect(summary(result)).toEqual(['1', '2', '3'].map((key) => [key, 'INSERT', undefined]));
    expect(result).toMatchObject({ changeCount: 3, hasMore: false, progress: { phase: 'stream', page: null } });
    const next = await reader.read(result.progress);
    expect(next).toMatchObject({ records: [], changeCount: 0, hasMore: false });
  });

  it('has a truncate in every partition, without a key', async () => {
    const { reader, position } = await createReader('stream');
    const txid = source.begin();
    source.truncate(txid);
    source.commit(txid);
    const result = await reader.read(position.progress);
    expect(summary(result)).toEqual(inEveryPartition('TRUNCATE'));
    expect(result.changeCount).toBe(1);
  });

  it('has a truncate between the changes before and after it', async () => {
    const { reader, position } = await createReader('stream');
    put(1);
    const txid = source.begin();
    source.truncate(txid);
    source.commit(txid);
    put(1);
    expect(summary(await reader.read(position.progress))).toEqual([
      ['1', 'INSERT', undefined],
      ...inEveryPartition('TRUNCATE'),
      ['1', 'INSERT', undefined],
    ]);
  });

  it.each([
    [4, [3, 1]],
    [6, [3, 3]],
    [7, [3, 3, 1]],
  ])('of %d changes is read in pages of %j', async (count, sizes) => {
    const { reader, position } = await createReader('stream');
    put(...Array.from({ length: count }, (_, index) => index + 1));
    const measured = await reader.read(position.progress);
    expect(measured).toMatchObject({ records: [], changeCount: 0, hasMore: true });
    const readPages = async (from: Progress) => {
      let progress = from;
      const results: ReadResult[] = [];
      do {
        const result = await reader.read(progress);
        results.push(result);
        progress = result.progress;
      } while (progress.phase === 'stream' && progress.page !== null);
      return results;
    };
    // Committed later, so part of the next difference.
    put(100);
    const results = await readPages(measured.progress);
    expect(results.map(({ changeCount }) => changeCount)).toEqual(sizes);
    expect(results.map(({ hasMore }) => hasMore)).toEqual(sizes.map(() => true));
    const next = await reader.read(results.at(-1)?.progress as Progress);
    expect(summary(next)).toEqual([['100', 'INSERT', undefined]]);
    // A successor resumes at any page.
    const resumed = await readPages(results[0]?.progress as Progress);
    expect(resumed.map(({ changeCount }) => changeCount)).toEqual(sizes.slice(1));
  });

  it('whose changes were purged in the meantime ends', async () => {
    const { reader, position } = await createReader('stream');
    put(1, 2, 3, 4);
    const measured = await reader.read(position.progress);
    await source.purge((await source.readDifference(position.progress.since)).snapshot, 0);
    const page = await reader.read(measured.progress);
    expect(page).toMatchObject({ records: [], changeCount: 0, progress: { phase: 'stream', page: null } });
  });

  it('ends with a page that is not full, although its last change was purged', async () => {
    const { reader, position } = await createReader('stream');
    put(1, 2, 3, 4);
    const measured = await reader.read(position.progress);
    const readPage = source.readPage.bind(source);
    jest.spyOn(source, 'readPage').mockImplementation(async (...range) => (await readPage(...range)).slice(0, 2));
    expect(await reader.read(measured.progress)).toMatchObject({ changeCount: 2, progress: { page: null } });
  });

  it('whose changes were purged before they were measured is read again', async () => {
    const { reader, position } = await createReader('stream');
    put(1, 2, 3, 4);
    jest.spyOn(source, 'measureDifference').mockResolvedValue(null);
    const { progress } = position;
    expect(await reader.read(progress)).toEqual({ records: [], changeCount: 0, progress, hasMore: true });
  });

  it('is not read from a server that was restarted', async () => {
    const { reader, position } = await createReader('stream', 'before the restart');
    await expect(reader.read(position.progress)).rejects.toThrow(SourceRestartedError);
    await expect(reader.read(position.progress)).rejects.toThrow(
      'the source database was restarted; polling resumes from the saved position',
    );
  });

  it('is not read from a restored backup', async () => {
    const { position } = await createReader('stream');
    const later = { ...position, saveNumber: position.saveNumber + 1n };
    const reader = new ChangeReader(source, later, 'once', PARTITION_COUNT);
    await expect(reader.read(position.progress)).rejects.toMatchObject({ code: 'PIPE_SOURCE_RESTORED' });
  });
});

describe('a sequence that was set back', () => {
  it.each([
    ['before a change', 0],
    ['and fewer changes than before followed', 2],
  ])('is seen %s', async (_, count) => {
    const { reader, position } = await createReader('stream');
    put(1, 2, 3);
    const { progress } = await reader.read(position.progress);
    expect(progress).toMatchObject({ greatestChangeId: '3' });
    source.restartChangeIds(1n);
    put(...Array.from({ length: count }, (__, index) => index + 1));
    const read = reader.read(progress);
    await expect(read).rejects.toThrow(CaptureGapError);
    await expect(read).rejects.toThrow(
      `the sequence of emp_cdc.cdc_id was set back: expected it at 3 or above, found ${count || 'no id'}`,
    );
  });

  it('is not what a transaction that commits late looks like', async () => {
    const { reader, position } = await createReader('stream');
    const late = source.begin();
    source.put(late, { empId: 2, firstName: null, lastName: null, dob: null, city: null, salary: null });
    put(1);
    const { progress } = await reader.read(position.progress);
    expect(progress).toMatchObject({ greatestChangeId: '2' });
    source.commit(late);
    const result = await reader.read(progress);
    expect(summary(result)).toEqual([['2', 'INSERT', undefined]]);
    expect(result.progress).toMatchObject({ greatestChangeId: '2' });
  });

  it('is compared with the greatest id, also after pages and differences without changes', async () => {
    const { reader, position } = await createReader('stream');
    put(...Array.from({ length: PAGE_SIZE + 1 }, (_, index) => index + 1));
    let { progress } = await reader.read(position.progress);
    for (let pages = 0; pages < 2; pages += 1) ({ progress } = await reader.read(progress));
    ({ progress } = await reader.read(progress));
    expect(progress).toMatchObject({ page: null, greatestChangeId: String(PAGE_SIZE + 1) });
    source.restartChangeIds(BigInt(PAGE_SIZE + 1));
    await expect(reader.read(progress)).rejects.toThrow(CaptureGapError);
  });
});
