import type { ClaimedDeadLetter } from '../../functions/core/redrive.ts';
import { redriveEntry, type RedriveLedgerUnderTest } from './redrive-ledger-subject.ts';

const range = (first: number, next: number) => ({ first: BigInt(first), next: BigInt(next) });

/** The contract of `RedriveOutcomes`. */
export function describeRedriveOutcomes(name: string, make: () => Promise<RedriveLedgerUnderTest>): void {
  describe(`${name} as outcomes of redrives`, () => {
    let subject: RedriveLedgerUnderTest;
    let redriveId: string;
    const stateOf = async (number: number) => (await subject.entry(`t/0/${number}`))?.state;
    const states = async (...numbers: readonly number[]) => Promise.all(numbers.map(stateOf));

    /** Publishes everything that is open: dead letter n to offset 10 + n. */
    const publishAll = async () => {
      const { ledger } = subject;
      redriveId = (await ledger.plan({ filter: {}, note: null, rate: null }))?.redriveId ?? '';
      await ledger.acquire(redriveId, 'me', 1_000);
      const batch = await ledger.nextBatch(redriveId, null, 100);
      const isFile = ({ kind }: ClaimedDeadLetter) => kind === 'file';
      await ledger.recordBatch(redriveId, 'me', {
        ...{ refused: [], returned: [], filtered: [], obsolete: [], requested: batch.filter(isFile) },
        published: batch
          .filter((each) => !isFile(each))
          .map((each) => ({ ...each, to: { topic: 't', topicId: 'id', partition: 0, offset: each.offset + 10n } })),
      });
      await ledger.finishPublishing(redriveId, 'me');
    };

    beforeEach(async () => {
      subject = await make();
    });

    it('are awaited by topic and partition, until they are decided', async () => {
      await subject.add(redriveEntry(1), redriveEntry(3), redriveEntry(9, { state: 'resolved' }));
      expect(await subject.outcomes.findAwaited()).toEqual([]);
      await publishAll();
      expect(await subject.outcomes.findAwaited()).toEqual([
        { topic: 't', deadLetterTopic: 't.dead-letter', partition: 0, topicIds: ['id'], offsets: range(11, 14) },
      ]);
    });

    it('are resolved in the ranges of offsets that are passed, once', async () => {
      await subject.add(redriveEntry(1), redriveEntry(2), redriveEntry(3), redriveEntry(4));
      await publishAll();
      expect(await subject.outcomes.resolve('t', 1, [range(0, 99)], 'id')).toBe(0);
      expect(await subject.outcomes.resolve('u', 0, [range(0, 99)], 'id')).toBe(0);
      expect(await subject.outcomes.resolve('t', 0, [range(0, 12), range(13, 14)], 'id')).toBe(2);
      expect(await subject.outcomes.resolve('t', 0, [range(0, 12), range(13, 14)], 'id')).toBe(0);
      expect(await states(1, 2, 3, 4)).toEqual(['resolved', 'redriven', 'resolved', 'redriven']);
      expect(await subject.ledger.find()).toMatchObject({ published: 4, resolved: 2 });
    });

    it('are not resolved when the dead letter came back', async () => {
      await subject.add(redriveEntry(1));
      await publishAll();
      await subject.comeBack('t/0/1');
      expect(await subject.outcomes.resolve('t', 0, [range(0, 99)], 'id')).toBe(0);
      expect(await subject.entry('t/0/1')).toMatchObject({ state: 'open', attempts: 2 });
      await subject.outcomes.completeSettled();
      expect(await subject.ledger.find()).toMatchObject({ state: 'complete', resolved: 0, failed: 1 });
    });

    it('are open again when their records are lost, without another attempt', async () => {
      await subject.add(redriveEntry(1), redriveEntry(2));
      await publishAll();
      expect(await subject.outcomes.reopen('t', 0, range(12, 99))).toBe(1);
      expect(await states(1, 2)).toEqual(['redriven', 'open']);
      expect(await subject.entry('t/0/2')).toMatchObject({ attempts: 1 });
    });

    it('are open again when their topic was deleted, and no other topic of its name resolves them', async () => {
      await subject.add(redriveEntry(1), redriveEntry(2));
      await publishAll();
      expect(await subject.outcomes.resolve('t', 0, [range(0, 99)], 'another')).toBe(0);
      expect(await subject.outcomes.reopenDeletedTopic('t', 'id')).toBe(0);
      expect(await subject.outcomes.reopenDeletedTopic('u', 'another')).toBe(0);
      expect(await subject.outcomes.reopenDeletedTopic('t', 'another')).toBe(2);
      expect(await states(1, 2)).toEqual(['open', 'open']);
      expect(await subject.entry('t/0/1')).toMatchObject({ attempts: 1 });
    });

    it('of rows are resolved when the rows are loaded, and are open again when they are not', async () => {
      await subject.setFile('a.csv', '1', { state: 'superseded' });
      await subject.setFile('a.csv', '2', { state: 'complete' });
      const rowOf = (number: number, version: string) =>
        redriveEntry(number, { file: { key: 'a.csv', version, row: number } });
      await subject.add(rowOf(1, '2'), rowOf(2, '2'), rowOf(3, '1'), rowOf(4, '2'));
      await publishAll();
      await subject.loadRow('a.csv', '2', 1);
      const passed = [range(0, 14)];
      expect(await subject.outcomes.resolve('t', 0, passed, 'id')).toBe(1);
      expect(await subject.outcomes.reopenUnloaded('t', 0, passed)).toBe(1);
      expect(await states(1, 2, 3, 4)).toEqual(['resolved', 'open', 'redriven', 'redriven']);
      await subject.outcomes.markObsolete();
      expect(await states(3)).toEqual(['obsolete']);
      await subject.loadRow('a.csv', '2', 4);
      await subject.outcomes.resolve('t', 0, [range(0, 99)], 'id');
      await subject.outcomes.completeSettled();
      expect(await subject.ledger.find()).toMatchObject({
        ...{ state: 'complete', claimed: 4, published: 3, resolved: 2, failed: 1, obsolete: 1 },
      });
    });

    it('of rows are awaited while their file is loaded again', async () => {
      await subject.setFile('a.csv', '1', { state: 'loading' });
      await subject.add(redriveEntry(1, { file: { key: 'a.csv', version: '1', row: 1 } }));
      await publishAll();
      expect(await subject.outcomes.reopenUnloaded('t', 0, [range(0, 99)])).toBe(0);
      expect(await states(1)).toEqual(['redriven']);
      await subject.setFile('a.csv', '1', { state: 'complete' });
      expect(await subject.outcomes.reopenUnloaded('t', 0, [range(0, 99)])).toBe(1);
    });

    it('of a redriven file that was replaced are obsolete, and no failure', async () => {
      await subject.setFile('a.csv', '1', { state: 'rejected' });
      await subject.add(redriveEntry(1, { file: { key: 'a.csv', version: '1' } }));
      await publishAll();
      await subject.setFile('a.csv', '1', { state: 'superseded' });
      await subject.outcomes.resolveFiles();
      expect(await subject.outcomes.markObsolete()).toBe(1);
      await subject.outcomes.completeSettled();
      expect(await subject.ledger.find()).toMatchObject({
        ...{ state: 'complete', published: 0, resolved: 0, failed: 0, refused: 0, obsolete: 1 },
      });
    });

    it('complete a redrive when none is awaited any more', async () => {
      await subject.add(redriveEntry(1), redriveEntry(2));
      await publishAll();
      await subject.outcomes.resolve('t', 0, [range(0, 12)], 'id');
      await subject.outcomes.completeSettled();
      expect(await subject.ledger.find()).toMatchObject({ state: 'settling', finishedAt: null });
      await subject.outcomes.resolve('t', 0, [range(0, 99)], 'id');
      await subject.outcomes.completeSettled();
      expect(await subject.ledger.find()).toMatchObject({
        ...{ state: 'complete', published: 2, resolved: 2, failed: 0, finishedAt: expect.any(String) },
      });
    });

    it('of whole files follow the state of their version', async () => {
      const versions = { 1: 'complete', 2: 'loading', 3: 'rejected', 4: 'unchanged' };
      for (const number of [1, 2, 3, 4]) {
        await subject.setFile(`${number}.csv`, '1', { state: 'rejected' });
        await subject.add(redriveEntry(number, { file: { key: `${number}.csv`, version: '1' } }));
      }
      await publishAll();
      for (const [key, state] of Object.entries(versions)) await subject.setFile(`${key}.csv`, '1', { state });
      expect(await subject.outcomes.findAwaited()).toEqual([]);
      await subject.outcomes.resolveFiles();
      await subject.outcomes.resolveFiles();
      expect(await states(1, 2, 3, 4)).toEqual(['resolved', 'redriven', 'open', 'resolved']);
      expect(await subject.entry('t/0/3')).toMatchObject({ attempts: 2 });
      await subject.outcomes.completeSettled();
      expect(await subject.ledger.find()).toMatchObject({ state: 'settling', resolved: 2, failed: 1 });
    });

    it('are obsolete for versions that a newer one has replaced', async () => {
      await subject.setFile('a.csv', '1', { state: 'superseded' });
      await subject.setFile('a.csv', '2', { state: 'rejected' });
      await subject.setFile('a.csv', '3', { state: 'complete' });
      await subject.setFile('a.csv', '4', { state: 'rejected' });
      await subject.setFile('b.csv', '1', { state: 'rejected' });
      const of = (key: string, version: string, row?: number) => ({
        file: { key, version, ...(row !== undefined && { row }) },
      });
      await subject.add(
        redriveEntry(1, of('a.csv', '1', 5)),
        redriveEntry(2, of('a.csv', '2')),
        redriveEntry(3, of('a.csv', '3', 5)),
        redriveEntry(4, of('a.csv', '4')),
        redriveEntry(5, of('b.csv', '1')),
        redriveEntry(6),
      );
      expect(await subject.outcomes.markObsolete()).toBe(2);
      expect(await states(1, 2, 3, 4, 5, 6)).toEqual(['obsolete', 'obsolete', 'open', 'open', 'open', 'open']);
      expect(await subject.outcomes.markObsolete()).toBe(0);
    });
  });
}
