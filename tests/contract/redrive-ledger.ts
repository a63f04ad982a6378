import type { ClaimedDeadLetter, RedriveFilter } from '../../functions/core/redrive.ts';
import type { RedriveOutcome } from '../../functions/ports/redrive-ledger.ts';
import { redriveEntry, type RedriveLedgerUnderTest } from './redrive-ledger-subject.ts';

const NO_OUTCOME: RedriveOutcome = {
  ...{ published: [], requested: [], refused: [], returned: [], filtered: [], obsolete: [] },
};
const request = (filter: RedriveFilter = {}) => ({ filter, note: 'why', rate: null });
const publishedTo = (offset: number) => ({ topic: 't', topicId: 'id', partition: 0, offset: BigInt(offset) });
const STALE_MS = 30_000;

/** The contract of `RedriveLedger`. */
export function describeRedriveLedger(name: string, make: () => Promise<RedriveLedgerUnderTest>): void {
  describe(`${name} as ledger of redrives`, () => {
    let subject: RedriveLedgerUnderTest;
    beforeEach(async () => {
      subject = await make();
    });

    const states = async (...numbers: readonly number[]) =>
      Promise.all(numbers.map(async (number) => (await subject.entry(`t/0/${number}`))?.state));

    /** Claims everything that is open, for owner `me`. */
    const begin = async (filter?: RedriveFilter) => {
      const redrive = await subject.ledger.plan(request(filter));
      if (redrive === null) throw new Error('expected dead letters to claim');
      await subject.ledger.acquire(redrive.redriveId, 'me', STALE_MS);
      return redrive.redriveId;
    };

    describe('a plan', () => {
      it('claims what is open, by code and destination', async () => {
        await subject.add(
          redriveEntry(1),
          redriveEntry(2),
          redriveEntry(3, { code: 'PIPE_B' }),
          redriveEntry(4, { state: 'resolved' }),
        );
        const counts = [
          { code: 'PIPE_A', destination: 't', count: 2 },
          { code: 'PIPE_B', destination: 't', count: 1 },
        ];
        expect(await subject.ledger.count({})).toEqual(counts);
        expect(await states(1, 2, 3)).toEqual(['open', 'open', 'open']);
        expect(await subject.ledger.plan(request())).toMatchObject({
          ...{ state: 'planned', note: 'why', rate: null, claimed: 3, published: 0, counts },
        });
        expect(await states(1, 2, 3, 4)).toEqual(['claimed', 'claimed', 'claimed', 'resolved']);
      });

      it.each<[string, RedriveFilter, number[]]>([
        ['topic', { topic: 'u.dead-letter' }, [2]],
        ['code', { codes: ['PIPE_B', 'PIPE_C'] }, [3]],
        ['key', { key: 'k' }, [4]],
        ['file', { file: 'a.csv' }, [5]],
        ['name', { ids: ['t/0/1', 't/0/2', 't/0/99'] }, [1, 2]],
        ['several parts', { topic: 't.dead-letter', codes: ['PIPE_A'], key: '1' }, [1]],
      ])('selects by %s', async (_, filter, expected) => {
        const others = [
          redriveEntry(2, { topic: 'u.dead-letter' }),
          redriveEntry(3, { code: 'PIPE_B' }),
          redriveEntry(4, { key: 'k' }),
        ];
        await subject.add(
          redriveEntry(1),
          ...others,
          redriveEntry(5, { file: { key: 'a.csv', version: '1', row: 5 } }),
        );
        expect(await subject.ledger.plan(request(filter))).toMatchObject({ filter, claimed: expected.length });
        const claimed = (await states(1, 2, 3, 4, 5)).flatMap((state, index) =>
          state === 'claimed' ? [index + 1] : [],
        );
        expect(claimed).toEqual(expected);
      });

      it('claims parked ones by name only', async () => {
        await subject.add(redriveEntry(1, { state: 'parked', attempts: 4 }), redriveEntry(2));
        expect(await subject.ledger.plan(request())).toMatchObject({ claimed: 1 });
        expect(await states(1, 2)).toEqual(['parked', 'claimed']);
        await subject.ledger.cancel((await subject.ledger.find())?.redriveId ?? '');
        expect(await subject.ledger.plan(request({ ids: ['t/0/1'] }))).toMatchObject({ claimed: 1 });
        expect(await states(1, 2)).toEqual(['claimed', 'open']);
      });

      it('creates nothing when nothing matches', async () => {
        await subject.add(redriveEntry(1));
        expect(await subject.ledger.plan(request({ codes: ['PIPE_B'] }))).toBeNull();
        expect(await subject.ledger.find()).toBeNull();
      });

      it('is refused while another one is in progress, also at the same time', async () => {
        await subject.add(redriveEntry(1), redriveEntry(2));
        const plans = await Promise.allSettled(
          [1, 2, 3].map((n) => subject.ledger.plan(request({ ids: [`t/0/${n}`] }))),
        );
        const refused = plans.filter((plan) => plan.status === 'rejected').map(({ reason }) => reason);
        expect(refused.length).toBeGreaterThan(0);
        for (const reason of refused) expect(reason).toMatchObject({ code: 'PIPE_REDRIVE_IN_PROGRESS' });
        expect((await states(1, 2)).filter((state) => state === 'claimed')).toHaveLength(1);
      });

      it('knows the codes of all dead letters', async () => {
        await subject.add(redriveEntry(1), redriveEntry(2, { code: 'PIPE_B', state: 'resolved' }));
        expect([...(await subject.ledger.knownCodes())].sort()).toEqual(['PIPE_A', 'PIPE_B']);
      });
    });

    describe('the owner of a redrive', () => {
      it('is one at a time, until it is silent for too long', async () => {
        await subject.add(redriveEntry(1));
        const redriveId = (await subject.ledger.plan(request()))?.redriveId ?? '';
        expect(await subject.ledger.findAbandoned(STALE_MS)).toMatchObject({ redriveId });
        expect(await subject.ledger.acquire(redriveId, 'me', STALE_MS)).toMatchObject({ state: 'running' });
        expect(await subject.ledger.findAbandoned(STALE_MS)).toBeNull();
        expect(await subject.ledger.acquire(redriveId, 'other', STALE_MS)).toBeNull();
        expect(await subject.ledger.acquire(redriveId, 'me', STALE_MS)).not.toBeNull();
        await subject.age(STALE_MS + 1_000);
        expect(await subject.ledger.findAbandoned(STALE_MS)).toMatchObject({ redriveId });
        expect(await subject.ledger.renew(redriveId, 'me')).toBe(true);
        expect(await subject.ledger.acquire(redriveId, 'other', STALE_MS)).toBeNull();
        await subject.age(STALE_MS + 1_000);
        expect(await subject.ledger.acquire(redriveId, 'other', STALE_MS)).not.toBeNull();
        expect(await subject.ledger.renew(redriveId, 'me')).toBe(false);
        expect(await subject.ledger.recordBatch(redriveId, 'me', NO_OUTCOME)).toBe(false);
        // The clock was set back by an hour, and the owner may have died.
        await subject.age(-3_600_000);
        expect(await subject.ledger.acquire(redriveId, 'me', STALE_MS)).not.toBeNull();
      });

      it('may let another one go on at once', async () => {
        await subject.add(redriveEntry(1));
        const redriveId = await begin();
        await subject.ledger.release(redriveId, 'other');
        expect(await subject.ledger.findAbandoned(STALE_MS)).toBeNull();
        await subject.ledger.release(redriveId, 'me');
        expect(await subject.ledger.acquire(redriveId, 'other', STALE_MS)).not.toBeNull();
      });

      it('is not needed any more when everything is published', async () => {
        await subject.add(redriveEntry(1));
        const redriveId = await begin();
        await subject.ledger.finishPublishing(redriveId, 'other');
        expect(await subject.ledger.find()).toMatchObject({ state: 'running' });
        await subject.ledger.finishPublishing(redriveId, 'me');
        expect(await subject.ledger.find()).toMatchObject({ state: 'settling' });
        expect(await subject.ledger.acquire(redriveId, 'me', STALE_MS)).toBeNull();
        expect(await subject.ledger.findAbandoned(STALE_MS)).toBeNull();
      });
    });

    describe('a batch', () => {
      const claimedBy = async (redriveId: string, after: number | null = null, limit = 10) => {
        const position = after === null ? null : { topic: 't.dead-letter', partition: 0, offset: BigInt(after) };
        return subject.ledger.nextBatch(redriveId, position, limit);
      };

      it('has the claimed dead letters in the order of their topics', async () => {
        const elsewhere = redriveEntry(0, { dlqId: 's/0/1', topic: 's.dead-letter' });
        await subject.add(
          redriveEntry(3),
          redriveEntry(1),
          elsewhere,
          redriveEntry(2),
          redriveEntry(9, { state: 'discarded' }),
        );
        const redriveId = await begin();
        expect((await claimedBy(redriveId)).map(({ dlqId }) => dlqId)).toEqual(['s/0/1', 't/0/1', 't/0/2', 't/0/3']);
        expect((await claimedBy(redriveId, 1, 1)).map(({ offset }) => offset)).toEqual([2n]);
        expect(await claimedBy(redriveId, 3)).toEqual([]);
      });

      it('says what failed, and which file it belongs to', async () => {
        await subject.setFile('a.csv', '1', { state: 'complete' });
        await subject.add(
          redriveEntry(1),
          redriveEntry(2, { file: { key: 'a.csv', version: '1', row: 7 } }),
          redriveEntry(3, { file: { key: 'a.csv', version: 'unknown' } }),
        );
        const batch = await claimedBy(await begin());
        expect(batch.map(({ kind, row, file }) => [kind, row, file?.state, file?.arrival.key])).toEqual([
          ['record', null, undefined, undefined],
          ['row', 7, 'complete', 'a.csv'],
          ['file', null, undefined, undefined],
        ]);
      });

      const record = async (redriveId: string, outcome: Partial<RedriveOutcome>) =>
        subject.ledger.recordBatch(redriveId, 'me', { ...NO_OUTCOME, ...outcome });

      it('is recorded with all of its outcomes', async () => {
        await subject.setFile('a.csv', '1', { state: 'complete', rejected: 3, filteredOut: 1 });
        await subject.add(
          ...[1, 2, 3, 4, 5, 6].map((n) => redriveEntry(n, { file: { key: 'a.csv', version: '1', row: n } })),
        );
        const redriveId = await begin();
        const [a, b, c, d, e, f] = (await claimedBy(redriveId)) as [...Array<ClaimedDeadLetter>] & { length: 6 };
        const refusal = { code: 'PIPE_REDRIVE_GONE', reason: 'gone' } as const;
        const outcome = {
          published: [{ ...(a as ClaimedDeadLetter), to: publishedTo(7) }],
          requested: [b as ClaimedDeadLetter],
          refused: [{ ...(c as ClaimedDeadLetter), refusal }],
          returned: [{ ...(d as ClaimedDeadLetter), code: 'PIPE_NEW', reason: 'again' }],
          filtered: [{ ...(e as ClaimedDeadLetter), fileId: e?.file?.fileId ?? '', row: 5 }],
          obsolete: [f as ClaimedDeadLetter],
        };
        expect(await record(redriveId, outcome)).toBe(true);
        expect(await states(1, 2, 3, 4, 5, 6)).toEqual([
          'redriven',
          'redriven',
          'open',
          'open',
          'resolved',
          'obsolete',
        ]);
        expect(await subject.entry('t/0/3')).toMatchObject({ attempts: 1, code: 'PIPE_A' });
        expect(await subject.entry('t/0/4')).toMatchObject({ attempts: 2, code: 'PIPE_NEW' });
        expect(await subject.counts('a.csv', '1')).toEqual({ rejected: 2, filteredOut: 2 });
        expect(await subject.ledger.find()).toMatchObject({
          ...{ published: 4, failed: 1, resolved: 1, refused: 1, obsolete: 1 },
          refusals: [{ code: 'PIPE_REDRIVE_GONE', reason: 'gone', count: 1, ids: ['t/0/3'] }],
        });
        // A repetition, after an error that left open whether the first one took effect, and of a slow owner.
        const before = await subject.ledger.find();
        await record(redriveId, outcome);
        expect(await subject.counts('a.csv', '1')).toEqual({ rejected: 2, filteredOut: 2 });
        expect(await subject.ledger.find()).toEqual(before);
        expect(await subject.entry('t/0/4')).toMatchObject({ attempts: 2 });
      });

      it('leaves alone what came back meanwhile', async () => {
        await subject.add(redriveEntry(1));
        const redriveId = await begin();
        const [claimed] = await claimedBy(redriveId);
        await subject.comeBack('t/0/1');
        await record(redriveId, { published: [{ ...(claimed as ClaimedDeadLetter), to: publishedTo(7) }] });
        expect(await subject.entry('t/0/1')).toMatchObject({ state: 'open', attempts: 2 });
        expect(await claimedBy(redriveId)).toEqual([]);
      });

      it('is recorded when the redrive was cancelled, but not when another one has claimed it', async () => {
        await subject.add(redriveEntry(1), redriveEntry(2));
        const first = await begin();
        const [a, b] = await claimedBy(first);
        await subject.ledger.cancel(first);
        expect(await states(1, 2)).toEqual(['open', 'open']);
        const second = await begin({ ids: ['t/0/2'] });
        const published = [a, b].map((each) => ({ ...(each as ClaimedDeadLetter), to: publishedTo(7) }));
        expect(await record(first, { published })).toBe(false);
        expect(await states(1, 2)).toEqual(['redriven', 'claimed']);
        expect(await claimedBy(second)).toHaveLength(1);
      });

      it('parks what is rejected too often', async () => {
        await subject.add(redriveEntry(1, { attempts: 2 }), redriveEntry(2, { attempts: 3, state: 'parked' }));
        const redriveId = await begin({ ids: ['t/0/1', 't/0/2'] });
        const [a, b] = await claimedBy(redriveId);
        const refusal = { code: 'PIPE_REDRIVE_GONE', reason: 'gone' } as const;
        await record(redriveId, {
          returned: [{ ...(a as ClaimedDeadLetter), code: 'PIPE_A', reason: 'again' }],
          refused: [{ ...(b as ClaimedDeadLetter), refusal }],
        });
        expect(await states(1, 2)).toEqual(['parked', 'parked']);
      });
    });

    describe('a cancelled redrive', () => {
      it('releases what is not published, and stops its owner', async () => {
        await subject.add(redriveEntry(1), redriveEntry(2));
        const redriveId = await begin();
        const [first] = await subject.ledger.nextBatch(redriveId, null, 1);
        const published = [{ ...(first as ClaimedDeadLetter), to: publishedTo(7) }];
        await subject.ledger.recordBatch(redriveId, 'me', { ...NO_OUTCOME, published });
        expect(await subject.ledger.cancel(redriveId)).toMatchObject({ state: 'canceled', published: 1 });
        expect(await states(1, 2)).toEqual(['redriven', 'open']);
        expect(await subject.ledger.renew(redriveId, 'me')).toBe(false);
        expect(await subject.ledger.findAbandoned(0)).toBeNull();
      });

      it('stays complete when it was', async () => {
        await subject.add(redriveEntry(1));
        const redriveId = await begin();
        await subject.ledger.cancel(redriveId);
        await subject.outcomes.completeSettled();
        expect(await subject.ledger.cancel(redriveId)).toMatchObject({ state: 'canceled' });
        expect(await subject.ledger.cancel('999999')).toBeNull();
      });
    });
  });
}
