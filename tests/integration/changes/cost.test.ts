import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { eventually } from '../../support/eventually.ts';
import { endpoints } from '../../support/servers.ts';

const MEASURED_MS = 6_000;

let pipeline: CdcPipeline;
let observer: pg.Client;
beforeEach(async () => {
  // The heartbeat of production, because it is part of the cost.
  pipeline = await CdcPipeline.create({ heartbeatMs: 1_000, leaseMs: 3_000 });
  // Connected to another database, so that its own queries do not count.
  observer = new pg.Client({ connectionString: endpoints().sourceDatabaseUrl });
  await observer.connect();
});
afterEach(async () => {
  await observer.end();
  await pipeline.close();
});

/** Transactions of the source database so far. The server updates the figure about once a second. */
async function transactionCount(): Promise<number> {
  const { rows } = await observer.query<{ count: string }>(
    'select xact_commit + xact_rollback as count from pg_stat_database where datname = $1',
    [new URL(pipeline.settings.sourceUrl).pathname.slice(1)],
  );
  return Number(rows[0]?.count);
}

/** Writes of the poller to the offset table so far: each one increments the heartbeat. */
async function ledgerWriteCount(): Promise<number> {
  return (await pipeline.ledger().read())?.heartbeat ?? Number.NaN;
}

/** Measures while it repeats `work`. */
async function measureDuring(
  work: () => Promise<unknown>,
): Promise<{ queries: number; writes: number; seconds: number }> {
  const startedAtMs = performance.now();
  const before = [await transactionCount(), await ledgerWriteCount()] as const;
  while (performance.now() - startedAtMs < MEASURED_MS) await work();
  const after = [await transactionCount(), await ledgerWriteCount()] as const;
  const seconds = (performance.now() - startedAtMs) / 1_000;
  return { queries: after[0] - before[0], writes: after[1] - before[1], seconds };
}

test('without changes a poller makes ten queries a second, and one write a second to DynamoDB', async () => {
  await pipeline.startPoller();
  await pipeline.untilStreaming();
  await pipeline.source.query('insert into employees default values');
  // The rate over a time without changes is measured, so there is no condition to await.
  const { queries, writes, seconds } = await measureDuring(() => sleep(100));
  process.stdout.write(
    `without changes: ${(queries / seconds).toFixed(1)} queries/s, ${(writes / seconds).toFixed(2)} writes/s\n`,
  );
  // The server may count the queries of the second before, and those of its own background work: some dozens. A poller
  // that never slows down would make several hundred.
  expect(queries).toBeLessThanOrEqual(10 * seconds + 60);
  expect(queries).toBeGreaterThan(seconds);
  // The insert is saved once, and a renewal may come just after the beginning and just before the end.
  expect(writes).toBeLessThanOrEqual(seconds + 3);
  expect(writes).toBeGreaterThan(0);
});

test('under load a poller makes at most five writes a second to DynamoDB', async () => {
  await pipeline.startPoller();
  await pipeline.untilStreaming();
  const { writes, seconds } = await measureDuring(() => pipeline.source.query('insert into employees default values'));
  process.stdout.write(`under load: ${(writes / seconds).toFixed(2)} writes/s\n`);
  expect(writes).toBeLessThanOrEqual(5 * seconds + 3);
  expect(writes).toBeGreaterThan(0);
});

test('a transfer of the lease leaves no gap in the reads', async () => {
  // So long that no lease expires, however slow the machine is.
  pipeline = pipeline.withSettings({ leaseMs: 60_000 });
  const reads: { readonly by: number; readonly atMs: number }[] = [];
  const start = (by: number) => pipeline.startPoller({ onRead: () => reads.push({ by, atMs: performance.now() }) });
  let running = await start(0);
  await pipeline.untilStreaming();
  const gapsMs: number[] = [];
  const roundTripsMs: number[] = [];
  for (let by = 1; by <= 5; by += 1) {
    const successor = await start(by);
    expect(await running.done).toMatchObject({ outcome: 'lease-transferred' });
    const first = await eventually(() => reads.find((read) => read.by === by), {
      what: 'the first read of the successor',
    });
    gapsMs.push(first.atMs - (reads.findLast((read) => read.by === by - 1)?.atMs ?? Number.NaN));
    running = successor;
    const sentAtMs = performance.now();
    await ledgerWriteCount();
    roundTripsMs.push(performance.now() - sentAtMs);
  }
  const [, secondSmallestGapMs = Number.NaN] = gapsMs.toSorted((a, b) => a - b);
  const medianRoundTripMs = roundTripsMs.toSorted((a, b) => a - b)[2] ?? Number.NaN;
  const inMs = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(', ');
  process.stdout.write(`gaps at transfers: ${inMs(gapsMs)} ms; reads of the ledger: ${inMs(roundTripsMs)} ms\n`);
  // A transfer takes some round trips, which are slow on a busy machine. A poller that waited for a heartbeat, or until
  // the lease expires, would rarely have two gaps as short as this.
  expect(secondSmallestGapMs).toBeLessThanOrEqual(250 + 10 * medianRoundTripMs);
});
