import type { Ledger } from '../../../functions/poll-changes/ports.ts';

/** What every ledger of pollers must do, whatever keeps it. */
export function describeLedger(name: string, create: () => Promise<Ledger>): void {
  describe(name, () => {
    let ledger: Ledger;
    beforeEach(async () => {
      ledger = await create();
    });

    test('holds nothing at first', async () => {
      expect(await ledger.read()).toBeNull();
    });

    test('is taken by one of two who have seen the same', async () => {
      expect([await ledger.take(null, 'a'), await ledger.take(null, 'b')]).toEqual([true, false]);
      const seen = await ledger.read();
      expect(seen).toEqual({
        owner: 'a',
        fencing: 1,
        heartbeat: 1,
        requestedBy: null,
        resnapshot: null,
        position: null,
      });
      expect([await ledger.take(seen, 'b'), await ledger.take(seen, 'c')]).toEqual([true, false]);
      expect(await ledger.read()).toMatchObject({ owner: 'b', fencing: 2 });
    });

    test('is not taken from an owner that has shown a sign of life since', async () => {
      await ledger.take(null, 'a');
      const seen = await ledger.read();
      expect(await ledger.write(1)).toMatchObject({ heartbeat: 2 });
      expect(await ledger.take(seen, 'b')).toBe(false);
    });

    test('can be taken when it holds nothing but a request', async () => {
      await ledger.requestResnapshot('token');
      expect(await ledger.take(await ledger.read(), 'a')).toBe(true);
      expect(await ledger.read()).toMatchObject({ owner: 'a', fencing: 1, resnapshot: 'token' });
    });

    test('keeps the position over a sign of life without one, and tells its owner what is asked for', async () => {
      await ledger.take(null, 'a');
      await ledger.write(1, 'position');
      await ledger.request('b');
      await ledger.requestResnapshot('token');
      expect(await ledger.write(1)).toMatchObject({ position: 'position', requestedBy: 'b', resnapshot: 'token' });
      expect(await ledger.write(1, 'next', 'token')).toMatchObject({ position: 'next', resnapshot: null });
    });

    test('refuses whoever writes under an older number, and keeps what there is', async () => {
      await ledger.take(null, 'a');
      await ledger.take(await ledger.read(), 'b');
      expect(await ledger.write(1, 'stale')).toBeNull();
      expect(await ledger.handOver(1, 'c', 'stale')).toBe(false);
      expect(await ledger.read()).toMatchObject({ owner: 'b', fencing: 2, position: null });
    });

    test('is handed over with the last position, and the one before can write no more', async () => {
      await ledger.take(null, 'a');
      await ledger.request('b');
      expect(await ledger.handOver(1, 'b', 'last')).toBe(true);
      expect(await ledger.read()).toMatchObject({ owner: 'b', fencing: 2, position: 'last', requestedBy: null });
      expect(await ledger.write(1)).toBeNull();
      expect(await ledger.write(2)).toMatchObject({ owner: 'b' });
    });

    test('is free when it is handed to nobody', async () => {
      await ledger.take(null, 'a');
      await ledger.handOver(1, '');
      expect(await ledger.take(await ledger.read(), 'b')).toBe(true);
      expect(await ledger.read()).toMatchObject({ owner: 'b', fencing: 3 });
    });
  });
}
