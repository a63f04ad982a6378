import type { DeadLetterEntry, DeadLetterState } from '../../functions/core/dead-letter-entry.ts';
import type { DeadLetterFilter, DeadLetterLedger } from '../../functions/ports/dead-letter-ledger.ts';

export interface DeadLetterLedgerUnderTest {
  readonly ledger: DeadLetterLedger;
  /** As a redrive does, which claims it with id 1. */
  setState(id: string, state: DeadLetterState): Promise<void>;
}

const MINUTE_MS = 60_000;
const START_MS = Date.parse('2026-11-26T10:00:00Z');
const atMinute = (minute: number) => new Date(START_MS + minute * MINUTE_MS);
const SHA = 'ab'.repeat(32);

/** The dead letter of a change, which has failed at that minute. */
export function changeEntry(offset: number, minute = 0, more: Partial<DeadLetterEntry> = {}): DeadLetterEntry {
  return {
    id: `employee-changes/3/${offset}`,
    ...{ topic: 'employee-changes.dead-letter', partition: 3, offset: String(offset) },
    ...{ code: 'PIPE_CHANGE_FIELD', rule: null, reason: 'expected a number' },
    recordKey: '7',
    origin: { topic: 'employee-changes', partition: 3, offset: String(offset) },
    file: null,
    ...{ payloadBytes: 250, sha256: SHA, cut: false },
    ...{ firstAt: atMinute(minute), lastAt: atMinute(minute), attempts: 1 },
    ...more,
  };
}

const file = { bucket: 'salaries', key: 'in/ü.csv', version: 'v1', row: 7 };
const rowEntry = (offset: number, minute = 0, more: Partial<DeadLetterEntry> = {}): DeadLetterEntry => ({
  ...changeEntry(offset, minute),
  id: `salaries/in/ü.csv@v1#${offset}`,
  topic: 'employee-salaries.dead-letter',
  ...{ code: 'PIPE_ROW_SALARY', recordKey: null, file: { ...file, row: offset } },
  origin: { bucket: file.bucket, key: file.key, version: file.version, line: 9, row: offset, byteRange: [10, 20] },
  ...more,
});

/** The contract of `DeadLetterLedger`. */
export function describeDeadLetterLedger(name: string, make: () => Promise<DeadLetterLedgerUnderTest>): void {
  describe(`${name} as a ledger of dead letters`, () => {
    let subject: DeadLetterLedgerUnderTest;
    let ledger: DeadLetterLedger;
    beforeEach(async () => {
      subject = await make();
      ({ ledger } = subject);
    });
    const stateOf = async (id: string) => (await ledger.find(id))?.state;

    it('has all of a dead letter but its payload', async () => {
      const ruled = changeEntry(1, 0, { code: 'salaryAbove', rule: 'salaryAbove', payloadBytes: null, sha256: null });
      expect(await ledger.index([ruled, rowEntry(2)])).toEqual({ added: 2, updated: 0 });
      const waiting = { state: 'open', stateAt: expect.any(Date), redriveId: null, published: null };
      expect(await ledger.find(ruled.id)).toEqual({ ...ruled, ...waiting });
      expect(await ledger.find(rowEntry(2).id)).toEqual({ ...rowEntry(2), ...waiting });
      expect(await ledger.find('employee-changes/3/4')).toBeNull();
    });

    it('indexes nothing', async () => {
      expect(await ledger.index([])).toEqual({ added: 0, updated: 0 });
    });

    describe('of a failure that is indexed again', () => {
      const first = changeEntry(1, 0);
      const repetition = { ...first, offset: '9', lastAt: atMinute(1) };
      const second = { ...first, partition: 4, offset: '2', lastAt: atMinute(5), attempts: 2, code: 'PIPE_CHANGE_KEY' };

      it('changes nothing when the dead letter is the same', async () => {
        await ledger.index([first]);
        await subject.setState(first.id, 'resolved');
        expect(await ledger.index([first])).toEqual({ added: 0, updated: 0 });
        expect(await stateOf(first.id)).toBe('resolved');
      });

      it.each<DeadLetterState>(['open', 'claimed', 'redriven', 'resolved', 'discarded'])(
        'stays %s when the same attempt was published twice, and finds the later one',
        async (state) => {
          await ledger.index([first]);
          await subject.setState(first.id, state);
          expect(await ledger.index([repetition])).toEqual({ added: 0, updated: 1 });
          expect(await ledger.find(first.id)).toMatchObject({ state, offset: '9', attempts: 1 });
        },
      );

      it.each<DeadLetterState>(['open', 'redriven', 'resolved', 'discarded', 'obsolete'])(
        'is open again after another attempt when it was %s',
        async (state) => {
          await ledger.index([first]);
          await subject.setState(first.id, state);
          expect(await ledger.index([second])).toEqual({ added: 0, updated: 1 });
          expect(await ledger.find(first.id)).toMatchObject({ ...second, firstAt: first.firstAt, state: 'open' });
        },
      );

      it('is parked after the third attempt', async () => {
        await ledger.index([first]);
        await ledger.index([{ ...second, attempts: 3 }]);
        expect(await stateOf(first.id)).toBe('parked');
      });

      it('keeps the later one, whatever the order of their arrival', async () => {
        await ledger.index([second]);
        await subject.setState(first.id, 'resolved');
        expect(await ledger.index([first, repetition])).toEqual({ added: 0, updated: 0 });
        expect(await ledger.find(first.id)).toMatchObject({ attempts: 2, offset: '2', state: 'resolved' });
      });

      it('keeps the later one of a batch', async () => {
        expect(await ledger.index([second, first, repetition, second])).toEqual({ added: 1, updated: 0 });
        expect(await ledger.find(first.id)).toMatchObject({ attempts: 2, offset: '2', code: 'PIPE_CHANGE_KEY' });
      });

      it('is another failure when its payload is another one and it is later', async () => {
        const other = { ...first, sha256: 'cd'.repeat(32), firstAt: atMinute(9), lastAt: atMinute(9) };
        await ledger.index([second]);
        await subject.setState(first.id, 'resolved');
        await ledger.index([other]);
        expect(await ledger.find(first.id)).toMatchObject({ attempts: 1, state: 'open', firstAt: atMinute(9) });
        await ledger.index([second]);
        expect(await ledger.find(first.id)).toMatchObject({ attempts: 1, firstAt: atMinute(9) });
      });
    });

    describe('lists and counts', () => {
      beforeEach(async () => {
        await ledger.index([
          changeEntry(1, 1),
          changeEntry(2, 2, { recordKey: '8' }),
          changeEntry(3, 3, { code: 'noNegativeEmpId', attempts: 3 }),
          rowEntry(4, 4),
          rowEntry(5, 5, { file: { ...file, key: 'b.csv' } }),
        ]);
        await subject.setState(changeEntry(2).id, 'resolved');
      });
      const offsets = async (filter: DeadLetterFilter, limit = 10) =>
        (await ledger.list(filter, limit)).map(({ offset }) => Number(offset));
      const total = async (filter: DeadLetterFilter) =>
        (await ledger.count(filter)).reduce((sum, { count }) => sum + count, 0);

      it.each<[string, DeadLetterFilter, number[]]>([
        ['all', {}, [5, 4, 3, 2, 1]],
        ['those of a state', { states: ['resolved'] }, [2]],
        ['those of several states', { states: ['open', 'resolved'] }, [5, 4, 2, 1]],
        ['those of no state', { states: [] }, []],
        ['those of a code', { codes: ['PIPE_CHANGE_FIELD'] }, [2, 1]],
        ['those of several codes', { codes: ['noNegativeEmpId', 'PIPE_ROW_SALARY'] }, [5, 4, 3]],
        ['those of a topic', { topics: ['employee-salaries.dead-letter'] }, [5, 4]],
        ['those of a key', { key: '7', states: ['open', 'parked'] }, [3, 1]],
        ['those of a file', { file: 'in/ü.csv' }, [4]],
        ['those since a time', { since: atMinute(4) }, [5, 4]],
        ['those before a time', { until: atMinute(3) }, [2, 1]],
        ['those that match everything', { codes: ['PIPE_CHANGE_FIELD'], key: '7', since: atMinute(1) }, [1]],
        ['none for markup and quotes', { codes: ["<b>'"], key: "'; drop table dead_letter; --", file: '%' }, []],
      ])('%s, the latest first', async (_, filter, expected) => {
        expect(await offsets(filter)).toEqual(expected);
        expect(await total(filter)).toBe(expected.length);
      });

      it('at most as many as asked for', async () => {
        expect(await offsets({}, 2)).toEqual([5, 4]);
      });

      it('by topic, code and state', async () => {
        const changes = 'employee-changes.dead-letter';
        expect(await ledger.count({ topics: [changes] })).toEqual([
          { topic: changes, code: 'PIPE_CHANGE_FIELD', state: 'open', count: 1 },
          { topic: changes, code: 'PIPE_CHANGE_FIELD', state: 'resolved', count: 1 },
          { topic: changes, code: 'noNegativeEmpId', state: 'parked', count: 1 },
        ]);
      });
    });

    it.each<[DeadLetterState, DeadLetterState]>([
      ['open', 'discarded'],
      ['parked', 'discarded'],
      ['discarded', 'discarded'],
      ['claimed', 'claimed'],
      ['redriven', 'redriven'],
      ['resolved', 'resolved'],
    ])('discards one that is %s to %s', async (state, expected) => {
      await ledger.index([changeEntry(1)]);
      await subject.setState(changeEntry(1).id, state);
      expect(await ledger.discard(changeEntry(1).id)).toBe(expected);
      expect(await stateOf(changeEntry(1).id)).toBe(expected);
      expect(await ledger.count({})).toMatchObject([{ state: expected, count: 1 }]);
    });

    it('discards nothing that it does not know', async () => {
      expect(await ledger.discard('employee-changes/3/1')).toBeNull();
    });

    it('has each failure once when batches that share some are indexed at the same time', async () => {
      const batch = Array.from({ length: 50 }, (_, offset) => changeEntry(offset, offset));
      const retry = async (): Promise<void> => void (await ledger.index(batch).catch(retry));
      await Promise.all(Array.from({ length: 8 }, retry));
      expect(await ledger.count({})).toMatchObject([{ state: 'open', count: 50 }]);
    });
  });
}
