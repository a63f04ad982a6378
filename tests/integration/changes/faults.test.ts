import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { ApplierFleet, CdcProcess } from '../../support/cdc/processes.ts';
import { eventually } from '../../support/eventually.ts';

let pipeline: CdcPipeline;
const processes: CdcProcess[] = [];

beforeEach(async () => {
  pipeline = await CdcPipeline.create();
});
afterEach(async () => {
  await Promise.all(processes.splice(0).map((each) => each.kill()));
  await pipeline.close();
});

/**
 * Nobody waits for long for one that is dead for sure. For both where the first may live on: it trusts its own lease for
 * as long as that lasts.
 */
const SHORT_LEASE = { leaseMs: 1_000 };
/** For those of which none is to be taken for dead, however slow the machine. */
const LONG_LEASE = { leaseMs: 60_000 };

function startPoller({ dieAfter, leaseMs = pipeline.settings.leaseMs }: { dieAfter?: number; leaseMs?: number } = {}) {
  const started = new CdcProcess('poller-process', { ...pipeline.settings, leaseMs }, { dieAfter });
  processes.push(started);
  return started;
}

const insert = (count: number) =>
  pipeline.source.query(
    `insert into employees (first_name, salary) select 'n' || n, n from generate_series(1, $1::int) n`,
    [count],
  );

/** Changes of every kind, one transaction each. */
async function change(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await pipeline.source.query(`insert into employees (first_name) values ('round ${round}')`);
    await pipeline.source.query(`update employees set salary = ${round} where emp_id % 10 = ${round % 10}`);
    await pipeline.source.query(`delete from employees where emp_id % 50 = ${round % 50}`);
  }
}

test('a poller that dies between the acknowledgement and the saved position loses nothing', async () => {
  await insert(100);
  await pipeline.startApplier();
  const dying = startPoller({ dieAfter: 3 });
  await dying.until(({ published }) => published !== undefined);
  // One look may find any number of changes, so how many it takes for three publications is not known.
  let hasDied = false;
  void dying.exited.then(() => {
    hasDied = true;
  });
  while (!hasDied) await change(1);
  await change(5);
  startPoller(SHORT_LEASE);
  await pipeline.untilConverged();
  expect(await pipeline.deadLetters()).toEqual([]);
});

test('a snapshot that is interrupted at any chunk is completed by the successor', async () => {
  await insert(14_000);
  await pipeline.target.query(`insert into employees (emp_id, first_name) values (999999, 'nobody in the source')`);
  await pipeline.startApplier();
  for (const dieAfter of [1, 2]) await startPoller({ ...SHORT_LEASE, dieAfter }).exited;
  await change(3);
  startPoller(SHORT_LEASE);
  await pipeline.untilConverged();
  expect(await pipeline.deadLetters()).toEqual([]);
});

test('a frozen poller loses its lease, and publishes nothing more when it wakes', async () => {
  await insert(50);
  await pipeline.startApplier();
  const frozen = startPoller(SHORT_LEASE);
  // With nothing under way: what was sent while it held the lease might be told of only after the freeze.
  await pipeline.untilConverged();
  await eventually(
    async () => {
      const told = frozen.told.reduce((sum, { published = 0 }) => sum + Number(published), 0);
      return told === (await pipeline.readTopic(pipeline.settings.topic)).length;
    },
    { what: 'the acknowledgements of everything sent' },
  );
  frozen.freeze();
  await change(3);
  const successor = startPoller(SHORT_LEASE);
  await successor.until(({ published }) => published !== undefined);
  const before = frozen.told.length;
  frozen.wake();
  await frozen.until(({ result }) => (result as { outcome?: string })?.outcome === 'lease-lost');
  expect(frozen.told.slice(before).filter(({ published }) => published !== undefined)).toEqual([]);
  await change(3);
  await pipeline.untilConverged();
});

test('hands over at once when the successor asks', async () => {
  await pipeline.startApplier();
  const first = startPoller(LONG_LEASE);
  await first.until(({ published }) => published !== undefined);
  startPoller(LONG_LEASE);
  const told = await first.until(({ result }) => result !== undefined);
  expect(told['result']).toMatchObject({ outcome: 'lease-transferred' });
  await change(2);
  await pipeline.untilConverged();
});

test('an applier that dies between the commit and the answer applies nothing twice', async () => {
  const fleet = new ApplierFleet(pipeline.settings);
  try {
    fleet.dieAfter = 1;
    await pipeline.startApplier(fleet.handle);
    startPoller();
    await insert(300);
    await change(10);
    await pipeline.untilConverged();
    // What the dead one committed may have been all that was missing; its batch comes again all the same.
    await eventually(() => fleet.started > pipeline.partitions, { what: 'the successor of the dead one' });
    await change(2);
    await pipeline.untilConverged();
    expect(await pipeline.deadLetters()).toEqual([]);
  } finally {
    await fleet.stop();
  }
});

test('an applier frozen past its time cannot undo what its successor did', async () => {
  const fleet = new ApplierFleet(pipeline.settings);
  try {
    await insert(300);
    await pipeline.startApplier(fleet.handle);
    startPoller();
    await pipeline.untilConverged();
    const frozen = await eventually(
      () => {
        const serving = [0, 1, 2].flatMap((partition) => fleet.serving(partition) ?? []);
        return serving.length === pipeline.partitions ? serving : undefined;
      },
      { what: 'an applier for each partition' },
    );
    const answers = frozen.map(({ told }) => told.length);
    for (const each of frozen) each.freeze();
    await change(4);
    await pipeline.untilConverged();
    for (const each of frozen) each.wake();
    // Each has been given a batch while it was frozen, and now does with it what it can.
    await Promise.all(
      frozen.map((each, index) =>
        eventually(() => each.told.length > (answers[index] ?? 0), { what: 'the answer of an applier that woke up' }),
      ),
    );
    await change(2);
    await pipeline.untilConverged();
    expect(await pipeline.deadLetters()).toEqual([]);
  } finally {
    await fleet.stop();
  }
});

test('refuses a source that is another server, until a new snapshot is asked for', async () => {
  await pipeline.startApplier();
  await insert(5);
  const first = await pipeline.startPoller();
  await pipeline.untilConverged();
  await first.stop();
  const ledger = pipeline.ledger();
  const entry = await ledger.read();
  const position = JSON.parse(entry?.position ?? '') as Record<string, unknown>;
  await pipeline.replacePosition(JSON.stringify({ ...position, systemIdentifier: '1' }));
  await expect((await pipeline.startPoller()).done).rejects.toMatchObject({ code: 'PIPE_SOURCE_REPLACED' });
  await ledger.requestResnapshot('test');
  await insert(10);
  await pipeline.startPoller();
  await pipeline.untilConverged();
});

test('an offset table that was lost begins a new snapshot, and what the source no longer has leaves the target', async () => {
  await insert(20);
  await pipeline.startApplier();
  const first = await pipeline.startPoller();
  await pipeline.untilConverged();
  await first.stop();
  await pipeline.source.query(`delete from employees where emp_id < 5; delete from emp_cdc`);
  await pipeline.forgetPosition();
  await pipeline.startPoller();
  await pipeline.untilConverged();
});
