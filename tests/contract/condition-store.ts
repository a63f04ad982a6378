import { CONDITION_EXPIRY_SECONDS } from '../../functions/core/condition.ts';
import type { Condition, ConditionStore } from '../../functions/ports/condition-store.ts';

export interface ConditionStoreUnderTest {
  readonly store: ConditionStore;
  /** The conditions that have not expired. */
  read(): Promise<readonly { readonly id: string; readonly since: string }[]>;
}

/** The contract of `ConditionStore`. `make` returns an empty store that takes the time from `now`. */
export function describeConditionStore(
  name: string,
  make: (now: () => Date) => Promise<ConditionStoreUnderTest>,
): void {
  const START_MS = Date.now();
  const CONDITION: Condition = { id: 'apply-changes/employee-changes-3', code: 'PIPE_A', message: 'do this' };

  describe(`${name} as a condition store`, () => {
    let nowMs: number;
    let subject: ConditionStoreUnderTest;
    beforeEach(async () => {
      nowMs = START_MS;
      subject = await make(() => new Date(nowMs));
    });

    it('returns what was reported', async () => {
      const waitingRecord = {
        group: 'apply-changes',
        topic: 'employee-changes',
        partition: 3,
        offset: '9007199254740993',
      };
      await subject.store.report({ ...CONDITION, waitingRecord });
      await subject.store.report({ ...CONDITION, id: 'poll-changes' });
      expect(await subject.read()).toHaveLength(2);
      expect(await subject.read()).toContainEqual(
        expect.objectContaining({ ...CONDITION, waitingRecord, since: new Date(START_MS).toISOString() }),
      );
    });

    it('keeps the time of the first report, and the latest message', async () => {
      await subject.store.report(CONDITION);
      nowMs += 60_000;
      await subject.store.report({ ...CONDITION, message: 'do that' });
      expect(await subject.read()).toEqual([
        expect.objectContaining({ message: 'do that', since: new Date(START_MS).toISOString() }),
      ]);
    });

    it('begins again with another code', async () => {
      await subject.store.report(CONDITION);
      nowMs += 60_000;
      await subject.store.report({ ...CONDITION, code: 'PIPE_B' });
      expect(await subject.read()).toEqual([
        expect.objectContaining({ code: 'PIPE_B', since: new Date(nowMs).toISOString() }),
      ]);
    });

    it('forgets a condition that is not reported again, and begins again with the next report', async () => {
      await subject.store.report(CONDITION);
      nowMs += (CONDITION_EXPIRY_SECONDS + 1) * 1_000;
      expect(await subject.read()).toEqual([]);
      await subject.store.report(CONDITION);
      expect(await subject.read()).toEqual([expect.objectContaining({ since: new Date(nowMs).toISOString() })]);
    });

    it('clears one condition, also one that is not there', async () => {
      await subject.store.report(CONDITION);
      await subject.store.report({ ...CONDITION, id: 'poll-changes' });
      await subject.store.clear('poll-changes');
      await subject.store.clear('poll-changes');
      expect(await subject.read()).toEqual([expect.objectContaining({ id: CONDITION.id })]);
    });
  });
}
