import type { CheckedSalaries, CheckedSlice, VerificationStore } from '../../functions/ports/verification-store.ts';

export interface VerificationStoreUnderTest {
  readonly store: VerificationStore;
  close(): Promise<void>;
}

const at = (minute: number) => new Date(Date.UTC(2026, 10, 26, 10, minute));

const sliceOf = (slice: number, minute: number, found: Partial<CheckedSlice> = {}): CheckedSlice => ({
  slice,
  range: { after: slice === 0 ? null : slice * 100, until: slice === 11 ? null : (slice + 1) * 100 },
  checkedAt: at(minute),
  seconds: 0.5,
  rows: 100,
  ranges: 1,
  ...{ missing: 0, extra: 0, different: 0, held: 0, unsettled: 0, causes: {}, heldBy: {}, samples: [] },
  ...found,
});

const salariesOf = (minute: number, found: Partial<CheckedSalaries> = {}): CheckedSalaries => ({
  ...{ checkedAt: at(minute), seconds: 0.25, isDeep: false, files: 2, rows: 300, differences: 0, findings: [] },
  ...found,
});

/** The contract of `VerificationStore`. */
export function describeVerificationStore(name: string, make: () => Promise<VerificationStoreUnderTest>): void {
  describe(`${name} as a verification store`, () => {
    let subject: VerificationStoreUnderTest;
    beforeEach(async () => {
      subject = await make();
    });
    afterEach(() => subject.close());

    it('knows nothing before the first verification', async () => {
      expect(await subject.store.read()).toEqual({ oldestCheckedAt: null, slices: [], salaries: null });
    });

    it('returns what was recorded of a slice', async () => {
      const slice = sliceOf(3, 5, {
        ...{ missing: 1, different: 2, held: 4, unsettled: 5 },
        causes: { lost: 1, 'edited-in-target': 2 },
        heldBy: { noNegativeEmpId: 4 },
        samples: [{ empId: 301, kind: 'different', cause: 'edited-in-target', columns: ['city'] }],
      });
      await subject.store.recordSlice(slice);
      expect((await subject.store.read()).slices).toEqual([{ ...slice, differsSince: at(5) }]);
    });

    it('knows the oldest check when every slice was verified once', async () => {
      for (let slice = 1; slice < 12; slice += 1) await subject.store.recordSlice(sliceOf(slice, slice));
      expect((await subject.store.read()).oldestCheckedAt).toBeNull();
      await subject.store.recordSlice(sliceOf(0, 30));
      expect((await subject.store.read()).oldestCheckedAt).toEqual(at(1));
      await subject.store.recordSlice(sliceOf(1, 31));
      expect((await subject.store.read()).oldestCheckedAt).toEqual(at(2));
    });

    it('keeps since when a slice differs, until it agrees', async () => {
      const since = async () => (await subject.store.read()).slices[0]?.differsSince;
      await subject.store.recordSlice(sliceOf(0, 1, { missing: 1 }));
      await subject.store.recordSlice(sliceOf(0, 2, { extra: 1 }));
      expect(await since()).toEqual(at(1));
      await subject.store.recordSlice(sliceOf(0, 3, { held: 1, unsettled: 1 }));
      expect(await since()).toBeNull();
      await subject.store.recordSlice(sliceOf(0, 4, { different: 1 }));
      expect(await since()).toEqual(at(4));
    });

    it('keeps the result of the salaries, and when the objects were last read', async () => {
      const findings = [{ kind: 'total' as const, subject: 'ECC', message: 'differs' }];
      await subject.store.recordSalaries(salariesOf(1, { isDeep: true }));
      await subject.store.recordSalaries(salariesOf(2, { differences: 1, findings }));
      expect((await subject.store.read()).salaries).toEqual({
        ...salariesOf(2, { differences: 1, findings }),
        differsSince: at(2),
        deepCheckedAt: at(1),
      });
      await subject.store.recordSalaries(salariesOf(3));
      expect((await subject.store.read()).salaries?.differsSince).toBeNull();
    });
  });
}
