import type { IngestionLedger } from '../../functions/ports/ingestion-ledger.ts';
import type { SalaryTables } from '../../functions/ports/salary-tables.ts';
import {
  arrivalOf,
  begin,
  countsOf,
  ingest,
  mustNotBeCalled,
  rowsOf,
  type SalaryDatabaseUnderTest,
  salaryOf,
} from './salary-database.ts';

/** The contract of `IngestionLedger`. */
export function describeIngestionLedger(name: string, make: () => Promise<SalaryDatabaseUnderTest>): void {
  describe(`${name} as an ingestion ledger`, () => {
    let subject: SalaryDatabaseUnderTest;
    let ledger: IngestionLedger;
    let tables: SalaryTables;
    beforeEach(async () => {
      subject = await make();
      ({ ledger, tables } = subject);
    });

    const a1 = arrivalOf('a.csv', '1');
    const a2 = arrivalOf('a.csv', '2');
    const a3 = arrivalOf('a.csv', '3');

    describe('a version', () => {
      it('is complete when its end is recorded after its last row', async () => {
        expect(await ingest(subject, a1, 3)).toBe('complete');
        expect(await subject.account(a1)).toMatchObject({ state: 'complete', loaded: 3, sent: 3 });
        expect(await subject.totals()).toEqual({ EMS: 3_006 });
      });

      it('is complete when its last row is loaded after its end', async () => {
        await begin(subject, a1);
        await tables.load([salaryOf(a1, 1)]);
        expect(await ledger.finish(a1, countsOf(2))).toBe('loading');
        await tables.load([salaryOf(a1, 2)]);
        expect(await subject.account(a1)).toMatchObject({ state: 'complete', loaded: 2 });
      });

      it('is complete at once when no row is sent', async () => {
        expect(await ingest(subject, a1, 0)).toBe('complete');
        expect(await subject.totals()).toEqual({});
      });

      it('keeps its state when every call is repeated', async () => {
        await ingest(subject, a1, 2);
        expect(await begin(subject, a1)).toEqual(['complete', 'complete']);
        expect(await ledger.reportProgress(a1, countsOf(1))).toBe('complete');
        expect(await ledger.finish(a1, countsOf(1))).toBe('complete');
        expect(await subject.account(a1)).toMatchObject({ state: 'complete', sent: 2 });
        expect(await subject.totals()).toEqual({ EMS: 2_003 });
      });

      it('is registered once by twenty events at the same time', async () => {
        const states = await Promise.all(Array.from({ length: 20 }, () => begin(subject, a1)));
        expect(new Set(states.flat())).toEqual(new Set(['loading']));
        expect(await subject.countFiles()).toBe(1);
      });

      it('keeps its progress', async () => {
        await begin(subject, a1);
        expect(await ledger.reportProgress(a1, { read: 3, filteredOut: 1, rejected: 1, sent: 1 })).toBe('loading');
        expect(await subject.account(a1)).toMatchObject({ read: 3, sent: 1 });
      });

      it('does not end with counts that do not add up', async () => {
        await begin(subject, a1);
        const counts = { read: 4, filteredOut: 1, rejected: 1, sent: 1 };
        await expect(ledger.finish(a1, counts)).rejects.toMatchObject({ code: '23514' });
        expect(await ledger.finish(a1, { ...counts, read: 3 })).toBe('loading');
        await expect(ledger.finish(a1, counts)).rejects.toMatchObject({ code: '23514' });
        expect(await subject.account(a1)).toMatchObject({ state: 'loading', read: 3 });
      });

      it('keeps the counts of its end when a report of progress arrives late', async () => {
        await begin(subject, a1);
        await ledger.finish(a1, countsOf(2));
        expect(await ledger.reportProgress(a1, countsOf(1))).toBe('loading');
        expect(await subject.account(a1)).toMatchObject({ sent: 2 });
      });
    });

    describe('a newer version of a key', () => {
      it('replaces the rows and totals of the older version, and of no other key', async () => {
        await ingest(subject, a1, 3);
        await ingest(subject, arrivalOf('other.csv', '1'), 1);
        expect(await ingest(subject, a2, 1)).toBe('complete');
        expect(await subject.account(a1)).toMatchObject({ state: 'superseded' });
        expect(await subject.totals()).toEqual({ EMS: 2_002 });
      });

      it('removes a department that has no employees any more', async () => {
        await ingest(subject, a1, 3);
        await ingest(subject, a2, 0);
        expect(await subject.totals()).toEqual({});
      });

      it('leaves the tables unchanged until it takes over', async () => {
        await ingest(subject, a1, 3);
        await ledger.register(a2, mustNotBeCalled);
        expect(await subject.totals()).toEqual({ EMS: 3_006 });
      });

      it('takes over while the older version is loading, whose rows then do not count', async () => {
        await begin(subject, a1);
        await tables.load([salaryOf(a1, 1)]);
        await begin(subject, a2);
        expect(await tables.load([salaryOf(a1, 2), salaryOf(a2, 1)])).toMatchObject({ loaded: 1, skipped: 1 });
        expect(await ledger.reportProgress(a1, countsOf(2))).toBe('superseded');
        expect(await ledger.finish(a1, countsOf(2))).toBe('superseded');
        expect(await subject.totals()).toEqual({ EMS: 1_001 });
      });

      it('wins also when it takes over first', async () => {
        expect(await ledger.register(a1, mustNotBeCalled)).toBe('loading');
        expect(await ledger.register(a2, mustNotBeCalled)).toBe('loading');
        expect(await ledger.takeOver(a2, mustNotBeCalled)).toBe('loading');
        expect(await ledger.takeOver(a1, mustNotBeCalled)).toBe('superseded');
        expect(await subject.account(a1)).toMatchObject({ state: 'superseded' });
        expect(await tables.load([salaryOf(a1, 1)])).toMatchObject({ loaded: 0, skipped: 1 });
      });

      it('makes an older version that arrives late superseded at once', async () => {
        await ingest(subject, a2, 1);
        expect(await begin(subject, a1)).toEqual(['superseded', 'superseded']);
        expect(await subject.totals()).toEqual({ EMS: 1_001 });
      });
    });

    describe('a version with the bytes of the current one', () => {
      const sameAsA1 = { eTag: a1.eTag };

      it('is unchanged, and the current version stays', async () => {
        await ingest(subject, a1, 2);
        expect(await begin(subject, arrivalOf('a.csv', '2', sameAsA1))).toEqual(['unchanged', 'unchanged']);
        expect(await subject.account(a1)).toMatchObject({ state: 'complete' });
        expect(await subject.totals()).toEqual({ EMS: 2_003 });
      });

      it('records its sequencer, so that an older version is superseded', async () => {
        await ingest(subject, a1, 2);
        await ledger.register(arrivalOf('a.csv', '3', sameAsA1), mustNotBeCalled);
        expect(await begin(subject, a2)).toEqual(['superseded', 'superseded']);
      });

      it('is unchanged when the current version took over after it was registered', async () => {
        const twin = arrivalOf('a.csv', '2', sameAsA1);
        await ledger.register(twin, mustNotBeCalled);
        await ingest(subject, a1, 2);
        expect(await ledger.takeOver(twin, mustNotBeCalled)).toBe('unchanged');
        expect(await subject.totals()).toEqual({ EMS: 2_003 });
      });

      it('is a newer version when its size differs', async () => {
        await ingest(subject, a1, 2);
        expect(await ledger.register(arrivalOf('a.csv', '2', { ...sameAsA1, sizeBytes: 101 }), mustNotBeCalled)).toBe(
          'loading',
        );
      });

      it('replaces another version in between: contents A, B, A', async () => {
        await ingest(subject, a1, 2);
        await ingest(subject, a2, 5);
        expect(await ingest(subject, arrivalOf('a.csv', '3', sameAsA1), 2)).toBe('complete');
        expect(await subject.totals()).toEqual({ EMS: 2_003 });
      });
    });

    describe('a version without a sequencer', () => {
      const listed = arrivalOf('a.csv', 'listed:x');

      it.each([
        ['the bucket returns it', true, 'loading'],
        ['the bucket returns another version', false, 'superseded'],
      ] as const)('counts if %s', async (_, isLatest, expected) => {
        await ingest(subject, a1, 1);
        expect(await ledger.register(listed, async () => isLatest)).toBe(expected);
      });

      it('counts without asking the bucket when its key has no current version', async () => {
        await ledger.register(a1, mustNotBeCalled);
        expect(await begin(subject, listed)).toEqual(['loading', 'loading']);
      });

      it('is compared through the bucket when a version with a sequencer follows', async () => {
        await begin(subject, listed);
        expect(await ledger.register(a1, async () => false)).toBe('superseded');
        expect(await ledger.register(a2, async () => true)).toBe('loading');
      });

      it('keeps the sequencer that its key has recorded', async () => {
        await ingest(subject, a2, 1);
        await ledger.register(listed, async () => true);
        expect(await ledger.takeOver(listed, async () => true)).toBe('loading');
        expect(await ledger.register(a1, mustNotBeCalled)).toBe('superseded');
      });
    });

    describe('a version that cannot be used', () => {
      it('leaves the current version unchanged when it is rejected', async () => {
        await ingest(subject, a1, 2);
        await ledger.register(a2, mustNotBeCalled);
        await ledger.reject(a2);
        await ledger.reject(a2);
        expect(await subject.account(a2)).toMatchObject({ state: 'rejected' });
        expect(await subject.totals()).toEqual({ EMS: 2_003 });
      });

      it('is loading again when it is opened again, and may then take over', async () => {
        await ingest(subject, a1, 2);
        await ledger.register(a2, mustNotBeCalled);
        await ledger.reject(a2);
        expect(await ledger.reopen(a2, mustNotBeCalled)).toBe('loading');
        expect(await ledger.reopen(a2, mustNotBeCalled)).toBe('loading');
        expect(await ledger.takeOver(a2, mustNotBeCalled)).toBe('loading');
        expect(await subject.account(a1)).toMatchObject({ state: 'superseded' });
      });

      it('is superseded when it is opened again after a newer version has taken over', async () => {
        await ledger.register(a1, mustNotBeCalled);
        await ledger.reject(a1);
        await ingest(subject, a2, 2);
        expect(await ledger.reopen(a1, mustNotBeCalled)).toBe('superseded');
        expect(await subject.account(a1)).toMatchObject({ state: 'superseded' });
        expect(await ledger.reopen(a2, mustNotBeCalled)).toBe('complete');
      });

      it('is loading again when the same bytes are put again', async () => {
        await ledger.register(a1, mustNotBeCalled);
        await ledger.reject(a1);
        expect(await ledger.register(arrivalOf('a.csv', '2', { eTag: a1.eTag }), mustNotBeCalled)).toBe('loading');
      });

      it('is removed from the tables when it is superseded half-loaded, and the same bytes may take over', async () => {
        await begin(subject, a1);
        await tables.load(rowsOf(a1, 1, 2));
        await tables.recordRefused([salaryOf(a1, 3)]);
        await ledger.supersede(a1);
        expect(await subject.account(a1)).toMatchObject({ state: 'superseded' });
        expect(await subject.totals()).toEqual({});
        expect(await tables.load([salaryOf(a1, 3)])).toMatchObject({ loaded: 0, skipped: 1 });
        expect(await ingest(subject, arrivalOf('a.csv', '2', { eTag: a1.eTag }), 2)).toBe('complete');
        expect(await subject.totals()).toEqual({ EMS: 2_003 });
      });

      it('leaves the current version unchanged when it is superseded before it takes over', async () => {
        await ingest(subject, a1, 2);
        await ledger.register(a2, mustNotBeCalled);
        await ledger.supersede(a2);
        expect(await subject.totals()).toEqual({ EMS: 2_003 });
        expect(await ledger.register(a3, mustNotBeCalled)).toBe('loading');
      });

      it.each(['reject', 'supersede'] as const)('stays complete when %s is called after its end', async (method) => {
        await ingest(subject, a1, 2);
        await ledger[method](a1);
        expect(await subject.account(a1)).toMatchObject({ state: 'complete' });
        expect(await subject.totals()).toEqual({ EMS: 2_003 });
      });

      it('stays superseded when it is rejected later', async () => {
        await begin(subject, a1);
        await begin(subject, a2);
        await ledger.reject(a1);
        expect(await subject.account(a1)).toMatchObject({ state: 'superseded' });
      });
    });

    it.each<[string, () => Promise<unknown>]>([
      ['takeOver', () => ledger.takeOver(a1, mustNotBeCalled)],
      ['reportProgress', () => ledger.reportProgress(a1, countsOf(0))],
      ['finish', () => ledger.finish(a1, countsOf(0))],
      ['reject', () => ledger.reject(a1)],
      ['supersede', () => ledger.supersede(a1)],
    ])('refuses %s for a version that is not registered', async (_, call) => {
      await expect(call()).rejects.toThrow(/expected version 1 of a\.csv.* to be registered/);
      await ledger.register(a2, mustNotBeCalled);
      await expect(call()).rejects.toThrow(/expected version 1 of a\.csv.* to be registered/);
    });
  });
}
