import type { ListedObject } from '../../functions/ports/bucket-listing.ts';
import {
  arrivalOf,
  BUCKET,
  begin,
  countsOf,
  ingest,
  mustNotBeCalled,
  type SalaryDatabaseUnderTest,
  salaryOf,
} from './salary-database.ts';

const MINUTE_MS = 60_000;
const ago = (ms: number) => new Date(Date.now() - ms);

/** An object with the bytes of `arrivalOf(key, version)`. */
const listed = (key: string, version: string, lastModified = ago(90_000)): ListedObject => ({
  key,
  eTag: `etag-${version}`,
  sizeBytes: 100,
  lastModified,
});

/** The contract of `UnfinishedFiles`. */
export function describeUnfinishedFiles(name: string, make: () => Promise<SalaryDatabaseUnderTest>): void {
  describe(`${name} as unfinished files`, () => {
    let subject: SalaryDatabaseUnderTest;
    beforeEach(async () => {
      subject = await make();
    });

    const unreported = async (...objects: ListedObject[]) =>
      (await subject.unfinishedFiles(BUCKET).findUnreported(objects, MINUTE_MS)).map(({ key }) => key);
    const stalled = async () => (await subject.unfinishedFiles(BUCKET).findStalled(MINUTE_MS)).map(({ key }) => key);

    describe('the delay of the queue', () => {
      it('is the longest wait of an event whose processing began recently', async () => {
        const files = subject.unfinishedFiles(BUCKET);
        expect(await files.queueDelayMs(MINUTE_MS)).toBe(0);
        await begin(subject, arrivalOf('quick.csv', '1', { sentAt: ago(1_000).toISOString() }));
        await begin(subject, arrivalOf('slow.csv', '1', { sentAt: ago(30_000).toISOString() }));
        await begin(subject, arrivalOf('unknown.csv', '1'));
        const delayMs = await files.queueDelayMs(MINUTE_MS);
        expect(delayMs).toBeGreaterThanOrEqual(29_000);
        expect(delayMs).toBeLessThan(45_000);
        expect(await files.queueDelayMs(-1)).toBe(0);
        expect(await subject.unfinishedFiles('elsewhere').queueDelayMs(MINUTE_MS)).toBe(0);
      });

      it('is not negative when the clock of the bucket is ahead', async () => {
        await begin(subject, arrivalOf('a.csv', '1', { sentAt: ago(-MINUTE_MS).toISOString() }));
        expect(await subject.unfinishedFiles(BUCKET).queueDelayMs(MINUTE_MS)).toBe(0);
      });

      it('is the wait of a request until it begins', async () => {
        const file = arrivalOf('a.csv', '1');
        await subject.unfinishedFiles(BUCKET).recordRequest(file, MINUTE_MS);
        expect(await subject.unfinishedFiles(BUCKET).queueDelayMs(MINUTE_MS)).toBe(0);
        await begin(subject, file);
        expect(await subject.unfinishedFiles(BUCKET).queueDelayMs(MINUTE_MS)).toBeLessThan(MINUTE_MS);
      });
    });

    describe('after the clock was set back an hour', () => {
      const file = arrivalOf('a.csv', '1');
      beforeEach(async () => {
        await begin(subject, file);
        await subject.age(file, -60 * MINUTE_MS);
      });

      it('a file with a heartbeat in the future is stalled, until it is requested', async () => {
        expect(await stalled()).toEqual(['a.csv']);
        await subject.unfinishedFiles(BUCKET).recordRequest(file, MINUTE_MS);
        expect(await stalled()).toEqual([]);
      });

      it('an object from the future is unreported, unless the ledger accounts for it', async () => {
        const future = ago(-60 * MINUTE_MS);
        expect(await unreported(listed('a.csv', '1', future), listed('b.csv', '1', future))).toEqual(['b.csv']);
      });
    });

    describe('a request', () => {
      const file = arrivalOf('a.csv', '1', { versionId: 'v1' });
      const request = () => subject.unfinishedFiles(BUCKET).recordRequest(file, MINUTE_MS);

      it('adds a version that is not known, which is then not unreported, and which may begin', async () => {
        await request();
        expect(await unreported(listed('a.csv', '1'))).toEqual([]);
        expect(await begin(subject, file)).toEqual(['loading', 'loading']);
        expect(await subject.countFiles()).toBe(1);
      });

      it('gives a file five times as long until it begins, and then as long as any other', async () => {
        await request();
        await subject.age(file, 4 * MINUTE_MS);
        expect(await stalled()).toEqual([]);
        await subject.age(file, 2 * MINUTE_MS);
        expect(await stalled()).toEqual(['a.csv']);
        await request();
        expect(await stalled()).toEqual([]);
        await subject.ledger.register(file, mustNotBeCalled);
        await subject.age(file, 2 * MINUTE_MS);
        expect(await stalled()).toEqual(['a.csv']);
      });

      it('changes nothing for a file that has begun meanwhile, or has reached its final state', async () => {
        await begin(subject, file);
        await request();
        await subject.age(file, 2 * MINUTE_MS);
        expect(await stalled()).toEqual(['a.csv']);
        await subject.ledger.reject(file);
        await request();
        expect(await subject.account(file)).toMatchObject({ state: 'rejected' });
      });
    });

    describe('a file whose rows are lost', () => {
      const file = arrivalOf('a.csv', '1');
      const files = () => subject.unfinishedFiles(BUCKET);
      const version = { bucket: BUCKET, key: 'a.csv', version: '1' };
      beforeEach(async () => {
        await begin(subject, file);
        await subject.ledger.finish(file, countsOf(5));
      });

      it('is found among those that are sent and not complete', async () => {
        await begin(subject, arrivalOf('unfinished.csv', '1'));
        await ingest(subject, arrivalOf('complete.csv', '1'), 1);
        expect(await files().findSent()).toEqual([{ ...version, hasLostRows: false }]);
        expect(await subject.unfinishedFiles('elsewhere').findSent()).toEqual([]);
      });

      it('is stalled at once, until it is requested', async () => {
        expect(await stalled()).toEqual([]);
        expect(await files().recordLostRows([version], MINUTE_MS)).toEqual([version]);
        expect(await files().findSent()).toEqual([{ ...version, hasLostRows: true }]);
        expect(await stalled()).toEqual(['a.csv']);
        await files().recordRequest(file, MINUTE_MS);
        expect(await stalled()).toEqual([]);
        expect(await files().findSent()).toEqual([{ ...version, hasLostRows: false }]);
      });

      it('is not recorded again while its rows may be on their way', async () => {
        await files().recordLostRows([version], MINUTE_MS);
        await files().recordRequest(file, MINUTE_MS);
        expect(await files().recordLostRows([version], MINUTE_MS)).toEqual([]);
        expect(await stalled()).toEqual([]);
        expect(await files().recordLostRows([version], -1)).toEqual([version]);
      });

      it('is not recorded when it is complete meanwhile, or not known', async () => {
        await subject.tables.load([1, 2, 3, 4, 5].map((row) => salaryOf(file, row)));
        expect(await files().recordLostRows([version, { ...version, version: '2' }], MINUTE_MS)).toEqual([]);
        expect(await files().findSent()).toEqual([]);
      });
    });

    describe('an unreported object', () => {
      it('is one whose bytes no version of its key has', async () => {
        await ingest(subject, arrivalOf('known.csv', '1'), 1);
        await begin(subject, arrivalOf('loading.csv', '1'));
        const keys = await unreported(
          listed('new.csv', '1'),
          listed('known.csv', '1'),
          listed('loading.csv', '1'),
          listed('known.csv', '2'),
          { ...listed('known.csv', '1'), sizeBytes: 101 },
          listed('Ünïcode +%.csv', '1'),
        );
        expect(keys).toEqual(['new.csv', 'known.csv', 'known.csv', 'Ünïcode +%.csv']);
        expect(await unreported()).toEqual([]);
      });

      it('is one that is known in another bucket only', async () => {
        await ingest(subject, arrivalOf('a.csv', '1'), 1);
        const elsewhere = subject.unfinishedFiles('elsewhere');
        expect(await elsewhere.findUnreported([listed('a.csv', '1')], MINUTE_MS)).toHaveLength(1);
      });

      it('is content A after A, B, A when the third event was lost', async () => {
        await ingest(subject, arrivalOf('a.csv', '1'), 1);
        await ingest(subject, arrivalOf('a.csv', '2'), 1);
        expect(await unreported(listed('a.csv', '1'))).toEqual(['a.csv']);
        expect(await unreported(listed('a.csv', '2'))).toEqual([]);
      });

      it('is a rejected file only when it was put again after its rejection', async () => {
        const broken = arrivalOf('a.csv', '1');
        await subject.ledger.register(broken, mustNotBeCalled);
        await subject.ledger.reject(broken);
        await subject.age(broken, 120 * MINUTE_MS);
        expect(await unreported(listed('a.csv', '1', ago(180 * MINUTE_MS)))).toEqual([]);
        expect(await unreported(listed('a.csv', '1', ago(60 * MINUTE_MS)))).toEqual(['a.csv']);
      });

      it('is not one that was put recently, because its event may still be queued', async () => {
        const keys = await unreported(listed('old.csv', '1', ago(90_000)), listed('new.csv', '1', ago(30_000)));
        expect(keys).toEqual(['old.csv']);
      });
    });

    describe('a stalled file', () => {
      const file = arrivalOf('a.csv', '1', { versionId: 'v1' });

      it('is loading without a recent heartbeat, and is returned as its event described it', async () => {
        await begin(subject, file);
        expect(await stalled()).toEqual([]);
        await subject.age(file, 2 * MINUTE_MS);
        expect(await subject.unfinishedFiles(BUCKET).findStalled(MINUTE_MS)).toEqual([file]);
        expect(await subject.unfinishedFiles('elsewhere').findStalled(MINUTE_MS)).toEqual([]);
      });

      it.each<[string, () => Promise<unknown>]>([
        ['a repeated event', () => subject.ledger.register(file, mustNotBeCalled)],
        ['a report of progress', () => subject.ledger.reportProgress(file, countsOf(0))],
        ['the end of the file', () => subject.ledger.finish(file, countsOf(5))],
        ['rows were loaded', () => subject.tables.load([salaryOf(file, 1)])],
        ['refused rows were recorded', () => subject.tables.recordRefused([salaryOf(file, 1)])],
      ])('is not stalled any more after %s', async (_, heartbeat) => {
        await begin(subject, file);
        await subject.age(file, 2 * MINUTE_MS);
        await heartbeat();
        expect(await stalled()).toEqual([]);
      });

      it('may be silent ten times as long once its end is recorded', async () => {
        await begin(subject, file);
        await subject.ledger.finish(file, countsOf(5));
        await subject.age(file, 9 * MINUTE_MS);
        expect(await stalled()).toEqual([]);
        await subject.age(file, 2 * MINUTE_MS);
        expect(await stalled()).toEqual(['a.csv']);
      });

      it('is found after a time that is no whole number of seconds', async () => {
        await begin(subject, file);
        await subject.age(file, 2 * MINUTE_MS);
        expect(await subject.unfinishedFiles(BUCKET).findStalled(MINUTE_MS + 750.043)).toEqual([file]);
      });

      it('is not one that has reached its final state', async () => {
        await ingest(subject, file, 1);
        await subject.age(file, 60 * MINUTE_MS);
        expect(await stalled()).toEqual([]);
      });

      it('comes before files that were silent for a shorter time', async () => {
        const files = ['b.csv', 'a.csv', 'c.csv'].map((key) => arrivalOf(key, '1'));
        for (const [index, each] of files.entries()) {
          await begin(subject, each);
          await subject.age(each, (10 - index) * MINUTE_MS);
        }
        expect(await stalled()).toEqual(['b.csv', 'a.csv', 'c.csv']);
      });
    });
  });
}
