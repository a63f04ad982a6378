import { decodePosition, encodePosition } from '../../../functions/core/change-position.ts';
import { POLLER_TIMING } from '../../../functions/poll-changes/timing.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { PARTITIONS, type PollerRun, PollerWorld } from '../../support/cdc/poller-world.ts';

let clock: FakeClock;
let world: PollerWorld;
beforeEach(() => {
  clock = new FakeClock();
  world = new PollerWorld(clock);
});

/** One change every few milliseconds. */
async function writeFor(ms: number, everyMs = 20): Promise<void> {
  for (let passed = 0; passed < ms; passed += everyMs) {
    world.write(passed % 7, passed);
    await clock.advance(everyMs);
  }
}

/** Every change that was committed is on the topic, and none of an employee behind a newer one but as a repetition. */
function expectNothingLost(): void {
  expect(world.topic.length).toBeGreaterThan(PARTITIONS);
  expect({ lost: world.lost, outOfOrder: world.outOfOrder }).toEqual({ lost: [], outOfOrder: [] });
}

async function savedPosition() {
  return decodePosition((await world.ledger.read())?.position ?? '');
}

/** The longest time without a reading around the moment at which the second one begins. */
function gapBetween(first: PollerRun, second: PollerRun): number {
  const began = second.readsAtMs[0] ?? Number.NaN;
  const last = Math.max(...first.readsAtMs.filter((at) => at <= began));
  return began - last;
}

describe('what is published', () => {
  it('is the snapshot, its end on every partition, and then each change once', async () => {
    world.write(1, 10);
    world.write(2, 20);
    world.start();
    await clock.advance(500);
    await writeFor(1_000);
    await clock.advance(500);
    expect(world.topic.slice(0, 4).map(({ key, message }) => [key, message.action, message.changeId])).toEqual([
      ['1', 'SNAPSHOT', '1'],
      ['2', 'SNAPSHOT', '2'],
      ...Array.from({ length: PARTITIONS }, () => [null, 'SNAPSHOT_END', '0']),
    ]);
    expect(world.topic.slice(4).map(({ message }) => message.changeId)).toEqual(
      Array.from({ length: 50 }, (_, index) => String(index + 3)),
    );
  });

  it('is what a transaction that was open for long brings, and meanwhile everything else', async () => {
    world.start();
    await clock.advance(500);
    const open = world.open(100, 1);
    await writeFor(30_000, 100);
    await clock.advance(200);
    expect(world.lost).toEqual([1]);
    world.source.commit(open);
    await clock.advance(200);
    expect(world.topic.at(-1)).toMatchObject({ key: '100', message: { changeId: '1' } });
    expectNothingLost();
    expect(world.repeated).toBe(0);
  });

  it('comes page by page when it is more than one read brings', async () => {
    world = new PollerWorld(clock, 3);
    world.start();
    await clock.advance(500);
    const first = world.open(1, 1);
    for (let id = 2; id <= 20; id += 1) world.write(id, id);
    world.source.commit(first);
    await clock.advance(1_000);
    expectNothingLost();
  });
});

describe('the pace', () => {
  it('is one read every tenth of a second when nothing changes, and no write but the heartbeat', async () => {
    const poller = world.start();
    await clock.advance(3_000);
    const [reads, writes, saves] = [
      poller.readsAtMs.length,
      world.ledger.writeCount,
      (await savedPosition()).saveNumber,
    ];
    await clock.advance(20_000);
    expect(poller.readsAtMs.length - reads).toBeLessThanOrEqual(200);
    expect(poller.readsAtMs.length - reads).toBeGreaterThan(150);
    expect(world.ledger.writeCount - writes).toBeLessThanOrEqual(20);
    expect((await savedPosition()).saveNumber).toBe(saves);
  });

  it('saves at most four times a second under load, and never more than five writes with the heartbeat', async () => {
    world.start();
    await clock.advance(1_000);
    const before = world.ledger.writeCount;
    await writeFor(10_000, 10);
    expect(world.ledger.writeCount - before).toBeLessThanOrEqual(45);
    expect(world.ledger.writeCount - before).toBeGreaterThan(30);
  });

  it('finds a change within a tenth of a second after a long rest, and the next ones sooner', async () => {
    const poller = world.start();
    await clock.advance(10_000);
    const delays: number[] = [];
    for (let n = 1; n <= 5; n += 1) {
      const writtenAt = clock.monotonicMs();
      world.write(1, n);
      await clock.advance(120);
      delays.push((world.topic.at(-1)?.atMs ?? Number.NaN) - writtenAt);
    }
    expect(Math.max(...delays)).toBeLessThanOrEqual(100 + 5);
    const reads = poller.readsAtMs.length;
    await writeFor(1_000, 10);
    const busyTicks = 1_000 / POLLER_TIMING.busyTickMs;
    expect(poller.readsAtMs.length - reads).toBeGreaterThan(0.75 * busyTicks);
    expect(poller.readsAtMs.length - reads).toBeLessThanOrEqual(busyTicks + 1);
  });
});

describe('a hand-over', () => {
  it.each([
    ['idle', 0],
    ['under load', 10],
  ])('leaves no gap of more than a tenth of a second, %s', async (_, everyMs) => {
    const pass = (ms: number) => (everyMs === 0 ? clock.advance(ms) : writeFor(ms, everyMs));
    const runs = [world.start()];
    await pass(2_000);
    for (let round = 0; round < 3; round += 1) {
      runs.push(world.start());
      await pass(3_000);
    }
    expect(runs.map(({ outcome }) => (outcome as { outcome?: string } | undefined)?.outcome)).toEqual([
      'lease-transferred',
      'lease-transferred',
      'lease-transferred',
      undefined,
    ]);
    for (const [index, second] of runs.slice(1).entries()) {
      expect(gapBetween(runs[index] as PollerRun, second)).toBeLessThanOrEqual(100);
    }
    world.write(1, 1);
    await clock.advance(500);
    expectNothingLost();
    // Nothing comes twice either: the position goes with the lease.
    expect(world.repeated).toBe(0);
  });

  it('tells how long ago the source was last read', async () => {
    const first = world.start();
    await clock.advance(1_000);
    world.start();
    await clock.advance(2_000);
    const { lastReadMsAgo } = await first.done;
    expect(lastReadMsAgo).toBeGreaterThanOrEqual(0);
    expect(lastReadMsAgo).toBeLessThanOrEqual(100);
  });

  it('happens at the end of the time, too, to whoever comes later', async () => {
    const first = world.start(10_000);
    await writeFor(11_000);
    expect(first.outcome).toMatchObject({ outcome: 'time-limit' });
    expect(await world.ledger.read()).toMatchObject({ owner: null });
    world.start();
    await writeFor(1_000);
    await clock.advance(500);
    expectNothingLost();
  });
});

describe('a poller that dies', () => {
  it.each([100, 333, 777, 1_001, 1_250, 1_499])(
    'between an acknowledgement and the saved position, after %i ms, loses nothing',
    async (afterMs) => {
      const first = world.start();
      await writeFor(afterMs, 7);
      first.kill();
      await writeFor(500, 7);
      world.start();
      await clock.advance(8_000);
      expectNothingLost();
    },
  );

  it('in the middle of a snapshot leaves the rest of it to its successor', async () => {
    world = new PollerWorld(clock, 5);
    for (let id = 1; id <= 200; id += 1) world.write(id, id);
    const first = world.start();
    await clock.advance(100);
    first.kill();
    const published = new Set(world.topic.map(({ key }) => key));
    expect(published.size).toBeGreaterThan(10);
    expect(published.size).toBeLessThan(200);
    world.start();
    await clock.advance(10_000);
    const rows = world.topic.filter(({ message }) => message.action === 'SNAPSHOT');
    expect(new Set(rows.map(({ key }) => key)).size).toBe(200);
    expect(rows.length).toBeLessThan(400);
    expect(new Set(world.topic.map(({ message }) => message.epoch)).size).toBe(1);
  });
});

describe('a poller that no longer holds the lease', () => {
  it('publishes nothing after it wakes up, and leaves the position alone', async () => {
    const frozen = world.start();
    await writeFor(1_000);
    // Nobody could do anything for longer than the lease, but a successor that comes is as fast as ever.
    clock.freeze(7_000);
    const successor = world.ledger;
    const entry = await successor.read();
    expect(await successor.tryAcquire(entry, 'another')).toBe(true);
    const taken = await successor.read();
    await successor.renew(taken?.fencingToken ?? 0, { position: 'position of another' });
    const before = world.topic.length;
    world.write(1, 1);
    await clock.advance(1_000);
    expect(frozen.outcome).toMatchObject({ outcome: 'lease-lost' });
    expect(world.topic.slice(before)).toEqual([]);
    expect(await successor.read()).toMatchObject({ owner: 'another', position: 'position of another' });
  });

  it('ends when it is found out by the heartbeat alone', async () => {
    const first = world.start();
    await clock.advance(1_000);
    await world.ledger.tryAcquire(await world.ledger.read(), 'another');
    await clock.advance(1_500);
    expect(first.outcome).toMatchObject({ outcome: 'lease-lost' });
  });
});

describe('an outage', () => {
  it.each(['source', 'broker', 'ledger'] as const)('of the %s for ten seconds loses nothing', async (which) => {
    const poller = world.start();
    await writeFor(1_000);
    poller[which].failure = new Error('away');
    await writeFor(10_000);
    poller[which].failure = null;
    await writeFor(1_000);
    await clock.advance(3_000);
    expectNothingLost();
    expect(poller.outcome).toBeUndefined();
    expect(poller.logged).toContain('polling failed and is retried');
  });

  it('that lasts fails the invocation with its reason', async () => {
    const poller = world.start(20_000);
    poller.source.failure = new Error('away');
    await clock.advance(25_000);
    expect(poller.outcome).toMatchObject({ message: 'away' });
  });
});

describe('a position that does not fit', () => {
  async function replacePosition(change: object): Promise<void> {
    world.start(3_000);
    await writeFor(5_000);
    const position = await savedPosition();
    await world.ledger.tryAcquire(await world.ledger.read(), 'test');
    const { fencingToken = 0 } = (await world.ledger.read()) ?? {};
    await world.ledger.release(fencingToken, null, encodePosition({ ...position, ...change }));
  }

  it.each([
    ['of another server', { systemIdentifier: 'other' }, 'PIPE_SOURCE_REPLACED'],
    ['of a source that was restored', { saveNumber: 1_000_000n }, 'PIPE_SOURCE_RESTORED'],
  ])('%s is refused at once, and the lease is free again', async (_, change, code) => {
    await replacePosition(change);
    const before = world.topic.length;
    const poller = world.start();
    await clock.advance(1_000);
    expect(poller.outcome).toMatchObject({ code, message: expect.stringContaining('npm run resnapshot') });
    expect(await world.ledger.read()).toMatchObject({ owner: null });
    expect(world.topic).toHaveLength(before);
  });

  it('gives way to a new snapshot, of a greater epoch', async () => {
    await replacePosition({ systemIdentifier: 'other' });
    await world.ledger.requestResnapshot('token');
    world.start();
    await clock.advance(2_000);
    const epochs = world.topic.map(({ message }) => BigInt(message.epoch));
    expect(epochs.at(-1)).toBeGreaterThan(epochs[0] ?? 0n);
    expect(await world.ledger.read()).toMatchObject({ resnapshotToken: null });
    expect((await savedPosition()).systemIdentifier).toBe('model');
  });
});

test('a table that is emptied under the poller is where it begins anew', async () => {
  const poller = world.start();
  await writeFor(1_000);
  world.ledger.delete();
  await writeFor(3_000);
  await clock.advance(500);
  expect(poller.outcome).toBeUndefined();
  expect(world.topic.filter(({ message }) => message.action === 'SNAPSHOT_END')).toHaveLength(2 * PARTITIONS);
  expectNothingLost();
});

test('a new snapshot that is asked for while changes stream begins with the next sign of life', async () => {
  world.start();
  await writeFor(1_000);
  await world.ledger.requestResnapshot('token');
  await writeFor(3_000);
  await clock.advance(500);
  expect(world.topic.filter(({ message }) => message.action === 'SNAPSHOT_END')).toHaveLength(2 * PARTITIONS);
  expect(await world.ledger.read()).toMatchObject({ resnapshotToken: null });
  expectNothingLost();
});

test('only what the saved position has seen is purged', async () => {
  const poller = world.start();
  await writeFor(1_000);
  poller.ledger.failure = new Error('away');
  await writeFor(5_000);
  poller.ledger.failure = null;
  await writeFor(60_000, 100);
  await clock.advance(2_000);
  expectNothingLost();
});
