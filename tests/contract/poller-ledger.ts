import type { PollerLedger } from '../../functions/ports/poller-ledger.ts';

/** The contract of `PollerLedger`. `make` returns a ledger without an entry. */
export function describePollerLedger(name: string, make: () => Promise<PollerLedger>): void {
  describe(`${name} as a poller ledger`, () => {
    let ledger: PollerLedger;
    beforeEach(async () => {
      ledger = await make();
    });

    const acquire = async (owner: string) => expect(await ledger.tryAcquire(await ledger.read(), owner)).toBe(true);

    it('has no entry at first', async () => {
      expect(await ledger.read()).toBeNull();
    });

    it('is acquired by only one of two pollers that have read the same entry', async () => {
      expect([await ledger.tryAcquire(null, 'a'), await ledger.tryAcquire(null, 'b')]).toEqual([true, false]);
      const seen = await ledger.read();
      expect(seen).toEqual({
        owner: 'a',
        fencingToken: 1,
        heartbeat: 1,
        isAccepted: true,
        requestedBy: null,
        resnapshotToken: null,
        resnapshotReason: null,
        position: null,
      });
      expect([await ledger.tryAcquire(seen, 'b'), await ledger.tryAcquire(seen, 'c')]).toEqual([true, false]);
      expect(await ledger.read()).toMatchObject({ owner: 'b', fencingToken: 2, heartbeat: 2 });
    });

    it('is acquired by one of many pollers that try at the same time', async () => {
      const owners = Array.from({ length: 10 }, (_, index) => `poller ${index}`);
      const acquired = await Promise.all(owners.map((owner) => ledger.tryAcquire(null, owner)));
      expect(acquired.filter(Boolean)).toHaveLength(1);
      expect((await ledger.read())?.owner).toBe(owners[acquired.indexOf(true)]);
    });

    it('rejects an acquisition when the owner has renewed since the entry was read', async () => {
      await acquire('a');
      const seen = await ledger.read();
      expect(await ledger.renew(1)).toMatchObject({ heartbeat: 2 });
      expect(await ledger.tryAcquire(seen, 'b')).toBe(false);
      expect(await ledger.read()).toMatchObject({ owner: 'a', fencingToken: 1 });
    });

    it('can be acquired when only a request has been written', async () => {
      await ledger.requestResnapshot('token');
      expect(await ledger.read()).toMatchObject({ owner: null, fencingToken: 0, resnapshotToken: 'token' });
      await acquire('a');
      expect(await ledger.read()).toMatchObject({ owner: 'a', fencingToken: 1, resnapshotToken: 'token' });
    });

    it('shows its owner the latest requests at a renewal', async () => {
      await acquire('a');
      await ledger.requestTransfer('b', 1);
      await ledger.requestTransfer('c', 1);
      await ledger.requestResnapshot('token');
      expect(await ledger.renew(1)).toMatchObject({ requestedBy: 'c', resnapshotToken: 'token' });
    });

    it('forgets the request for a transfer when the owner changes, and accepts none that was made to an earlier owner', async () => {
      await acquire('a');
      await ledger.requestTransfer('b', 1);
      await acquire('c');
      expect(await ledger.read()).toMatchObject({ owner: 'c', requestedBy: null });
      await ledger.requestTransfer('b', 1);
      expect(await ledger.read()).toMatchObject({ owner: 'c', requestedBy: null });
    });

    it('lets a poller withdraw its own request only', async () => {
      await ledger.withdrawRequest('b');
      await acquire('a');
      await ledger.requestTransfer('b', 1);
      await ledger.withdrawRequest('c');
      expect(await ledger.read()).toMatchObject({ requestedBy: 'b' });
      await ledger.withdrawRequest('b');
      expect(await ledger.read()).toMatchObject({ requestedBy: null });
    });

    it('is transferred only to the poller that requests it', async () => {
      await acquire('a');
      expect(await ledger.release(1, 'b', 'last')).toBe('request-changed');
      await ledger.requestTransfer('c', 1);
      expect(await ledger.release(1, 'b', 'last')).toBe('request-changed');
      expect(await ledger.read()).toMatchObject({ owner: 'a', fencingToken: 1, position: null });
      expect(await ledger.release(1, 'c', 'last')).toBe('released');
    });

    it.each<[string, () => Promise<unknown>]>([
      ['the successor writes', () => ledger.renew(2)],
      ['another poller acquires it', () => acquire('c')],
      ['the successor frees it', () => ledger.release(2, null)],
    ])('is not accepted after a transfer until %s', async (_, write) => {
      await acquire('a');
      await ledger.requestTransfer('b', 1);
      await ledger.release(1, 'b');
      expect(await ledger.read()).toMatchObject({ owner: 'b', isAccepted: false });
      await write();
      expect(await ledger.read()).toMatchObject({ isAccepted: true });
    });

    it('keeps the position and the request for a snapshot at a renewal without them', async () => {
      await acquire('a');
      await ledger.requestResnapshot('token');
      await ledger.renew(1, { position: 'position' });
      expect(await ledger.renew(1)).toMatchObject({ position: 'position', resnapshotToken: 'token' });
    });

    it('deletes the request for a snapshot with the position that begins it', async () => {
      await acquire('a');
      await ledger.requestResnapshot('token');
      const entry = await ledger.renew(1, { position: 'snapshot', fulfilledResnapshotToken: 'token' });
      expect(entry).toMatchObject({ position: 'snapshot', resnapshotToken: null });
      expect(await ledger.read()).toEqual(entry);
    });

    it('keeps why a snapshot is requested as long as the request', async () => {
      const reason = { code: 'PIPE_TOPIC_REPLACED', message: 'expected "a", found "b"' } as const;
      await acquire('a');
      await ledger.requestResnapshot('token', reason);
      expect(await ledger.renew(1)).toMatchObject({ resnapshotToken: 'token', resnapshotReason: reason });
      await ledger.requestResnapshot('later');
      expect(await ledger.read()).toMatchObject({ resnapshotToken: 'later', resnapshotReason: null });
      await ledger.requestResnapshot('token', reason);
      const entry = await ledger.renew(1, { position: 'snapshot', fulfilledResnapshotToken: 'token' });
      expect(entry).toMatchObject({ resnapshotToken: null, resnapshotReason: null });
    });

    it('keeps a request for a snapshot that was made after the one that a position fulfils', async () => {
      await acquire('a');
      await ledger.requestResnapshot('earlier');
      await ledger.requestResnapshot('later');
      const entry = await ledger.renew(1, { position: 'snapshot', fulfilledResnapshotToken: 'earlier' });
      expect(entry).toMatchObject({ position: 'snapshot', resnapshotToken: 'later', heartbeat: 2 });
      expect(await ledger.renew(0, { fulfilledResnapshotToken: 'earlier' })).toBeNull();
      expect(await ledger.read()).toEqual(entry);
    });

    it('rejects every write with an old fencing token', async () => {
      await acquire('a');
      await acquire('b');
      const before = await ledger.read();
      expect(await ledger.renew(1, { position: 'stale' })).toBeNull();
      expect(await ledger.release(1, null, 'stale')).toBe('lost');
      expect(await ledger.release(1, 'c', 'stale')).toBe('lost');
      expect(await ledger.read()).toEqual(before);
    });

    it('is transferred together with the last position', async () => {
      await acquire('a');
      await ledger.requestTransfer('b', 1);
      expect(await ledger.release(1, 'b', 'last')).toBe('released');
      expect(await ledger.read()).toEqual({
        owner: 'b',
        fencingToken: 2,
        heartbeat: 2,
        isAccepted: false,
        requestedBy: null,
        resnapshotToken: null,
        resnapshotReason: null,
        position: 'last',
      });
      expect(await ledger.renew(1)).toBeNull();
      expect(await ledger.renew(2)).toMatchObject({ owner: 'b' });
    });

    it('is free after a release without a successor, and keeps the position', async () => {
      await acquire('a');
      await ledger.renew(1, { position: 'position' });
      expect(await ledger.release(1, null)).toBe('released');
      expect(await ledger.read()).toMatchObject({ owner: null, fencingToken: 2, position: 'position' });
      await acquire('b');
      expect(await ledger.read()).toMatchObject({ owner: 'b', fencingToken: 3, position: 'position' });
    });
  });
}
