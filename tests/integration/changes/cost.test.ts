import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { eventually } from '../../support/eventually.ts';
import { endpoints } from '../../support/servers.ts';

const WATCHED_MS = 6_000;

let pipeline: CdcPipeline;
let observer: pg.Client;
beforeEach(async () => {
  pipeline = await CdcPipeline.create({ heartbeatMs: 1_000, leaseMs: 3_000 });
  // In another database, so that its own questions do not count.
  observer = new pg.Client({ connectionString: endpoints().sourceDatabaseUrl });
  await observer.connect();
});
afterEach(async () => {
  await observer.end();
  await pipeline.close();
});

/** Each statement outside a transaction is one; the server counts with a second's delay. */
async function transactions(): Promise<number> {
  const { rows } = await observer.query<{ count: string }>(
    'select xact_commit + xact_rollback as count from pg_stat_database where datname = $1',
    [new URL(pipeline.settings.sourceUrl).pathname.slice(1)],
  );
  return Number(rows[0]?.count);
}

/** Every write of the poller to the offset table is a heartbeat, too. */
async function ledgerWrites(): Promise<number> {
  return (await pipeline.ledger().read())?.heartbeat ?? Number.NaN;
}

/** What happens while `work` goes on, for some seconds. */
async function during(work: () => Promise<unknown>): Promise<{ queries: number; writes: number; seconds: number }> {
  const startedAt = performance.now();
  const before = [await transactions(), await ledgerWrites()] as const;
  while (performance.now() - startedAt < WATCHED_MS) await work();
  const after = [await transactions(), await ledgerWrites()] as const;
  const seconds = (performance.now() - startedAt) / 1_000;
  return { queries: after[0] - before[0], writes: after[1] - before[1], seconds };
}

test('at rest it costs the source ten tiny queries a second, and DynamoDB one write', async () => {
  await pipeline.startPoller();
  await pipeline.untilStreaming();
  await pipeline.source.query('insert into employees default values');
  // What is measured is what happens while nobody does anything, so there is nothing to await.
  const { queries, writes, seconds } = await during(() => sleep(100));
  process.stdout.write(
    `at rest: ${(queries / seconds).toFixed(1)} queries/s, ${(writes / seconds).toFixed(2)} writes/s\n`,
  );
  // The second before, in which everything began, may be counted late, and the database tidies itself up now and then:
  // some dozens of queries, and far fewer than those of a poller that does not come to rest.
  expect(queries).toBeLessThanOrEqual(10 * seconds + 60);
  expect(queries).toBeGreaterThan(seconds);
  // The change is saved, and a sign of life may fall just behind the beginning and just before the end.
  expect(writes).toBeLessThanOrEqual(seconds + 3);
  expect(writes).toBeGreaterThan(0);
});

test('under load it costs DynamoDB five writes a second at most', async () => {
  await pipeline.startPoller();
  await pipeline.untilStreaming();
  const { writes, seconds } = await during(() => pipeline.source.query('insert into employees default values'));
  process.stdout.write(`under load: ${(writes / seconds).toFixed(2)} writes/s\n`);
  expect(writes).toBeLessThanOrEqual(5 * seconds + 3);
  expect(writes).toBeGreaterThan(0);
});

test('a poller that is relieved leaves no gap in the reading', async () => {
  // So long that none is taken for dead, however slow the machine.
  pipeline = pipeline.with({ leaseMs: 60_000 });
  const reads: { readonly by: number; readonly atMs: number }[] = [];
  const start = (by: number) => pipeline.startPoller({ onRead: () => reads.push({ by, atMs: performance.now() }) });
  let running = await start(0);
  await pipeline.untilStreaming();
  const gaps: number[] = [];
  const roundTrips: number[] = [];
  for (let by = 1; by <= 5; by += 1) {
    const successor = await start(by);
    expect(await running.done).toMatchObject({ outcome: 'lease-transferred' });
    const first = await eventually(() => reads.find((read) => read.by === by), {
      what: 'the first read of the successor',
    });
    gaps.push(first.atMs - (reads.findLast((read) => read.by === by - 1)?.atMs ?? Number.NaN));
    running = successor;
    const askedAt = performance.now();
    await ledgerWrites();
    roundTrips.push(performance.now() - askedAt);
  }
  const [, gap = Number.NaN] = gaps.toSorted((a, b) => a - b);
  const roundTrip = roundTrips.toSorted((a, b) => a - b)[2] ?? Number.NaN;
  const inMs = (values: readonly number[]) => values.map((value) => value.toFixed(0)).join(', ');
  process.stdout.write(`gaps at hand-overs: ${inMs(gaps)} ms; questions to the ledger: ${inMs(roundTrips)} ms\n`);
  // A hand-over is some questions and answers, and they take as long as the machine has other things to do. Who waited
  // for a sign of life or the end of a lease would hardly do with so little twice.
  expect(gap).toBeLessThanOrEqual(250 + 10 * roundTrip);
});
