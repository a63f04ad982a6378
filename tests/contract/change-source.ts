import { describeDifferences } from './change-source-differences.ts';
import { describeSnapshotsAndPurge } from './change-source-snapshots.ts';
import { ChangeSourceSubject, type ChangeSourceUnderTest } from './change-source-subject.ts';

/** The contract of `ChangeSource`. `make` returns a source without employees and changes. */
export function describeChangeSource(name: string, make: () => Promise<ChangeSourceUnderTest>): void {
  describe(`${name} as a change source`, () => {
    let underTest: ChangeSourceUnderTest;
    let subject: ChangeSourceSubject;
    beforeEach(async () => {
      underTest = await make();
      subject = new ChangeSourceSubject(underTest);
    });
    afterEach(() => underTest.close());

    describe('identify', () => {
      it('returns the same server each time', async () => {
        const { systemIdentifier, serverStartedAt } = await subject.source.identify();
        await subject.put(1, 1);
        expect(await subject.source.identify()).toMatchObject({ systemIdentifier, serverStartedAt });
        expect([typeof systemIdentifier, typeof serverStartedAt]).toEqual(['string', 'string']);
      });

      it('returns the present save number', async () => {
        const { saveNumber } = await subject.source.identify();
        expect(await subject.source.nextSaveNumber()).toBe(saveNumber + 1n);
        expect(await subject.source.nextSaveNumber()).toBe(saveNumber + 2n);
        expect((await subject.source.identify()).saveNumber).toBe(saveNumber + 2n);
      });
    });

    describeDifferences(() => subject);
    describeSnapshotsAndPurge(() => subject);
  });
}
