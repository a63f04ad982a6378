import { ApplierFleet } from '../../support/cdc/applier-fleet.ts';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { CdcProcess } from '../../support/cdc/processes.ts';
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

/** For tests in which a lease expires. All pollers of such a test need it, because each measures with its own setting. */
const SHORT_LEASE = { leaseMs: 1_000 };
/** For tests in which no lease may expire, however slow the machine is. */
const LONG_LEASE = { leaseMs: 60_000 };

function startPoller({ dieAfter, leaseMs = pipeline.settings.leaseMs }: { dieAfter?: number; leaseMs?: number } = {}) {
  const started = new CdcProcess('poller-process', { ...pipeline.settings, leaseMs }, { dieAfter });
  processes.push(started);
  return started;
}

const resultOf = ({ messages }: CdcProcess) =>
  messages.find(({ result }) => result !== undefined)?.['result'] as { readonly outcome: string } | undefined;

const insert = (count: number) =>
  pipeline.source.query(
    `insert into employees (first_name, salary) select 'n' || n, n from generate_series(1, $1::int) n`,
    [count],
  );

/** Each round makes one insert, some updates and some deletions, each in a transaction of its own. */
async function change(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await pipeline.source.query(`insert into employees (first_name) values ('round ${round}')`);
    await pipeline.source.query(`update employees set salary = ${round} where emp_id % 10 = ${round % 10}`);
    await pipeline.source.query(`delete from employees where emp_id % 50 = ${round % 50}`);
  }
}

describe('a poller', () => {
  it('that dies between acknowledgement and save loses nothing', async () => {
    await insert(100);
    await pipeline.startApplier();
    const dying = startPoller({ dieAfter: 3 });
    await dying.until(({ published }) => published !== undefined);
    // One read may return any number of changes, so the number of changes until the third publication is unknown.
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

  it('resumes a snapshot at any chunk at which its predecessor died', async () => {
    await insert(14_000);
    await pipeline.target.query(`insert into employees (emp_id, first_name) values (999999, 'not in the source')`);
    await pipeline.startApplier();
    for (const dieAfter of [1, 2]) await startPoller({ ...SHORT_LEASE, dieAfter }).exited;
    await change(3);
    startPoller(SHORT_LEASE);
    await pipeline.untilConverged();
    expect(await pipeline.deadLetters()).toEqual([]);
  });

  it('that was frozen until its lease expired publishes nothing when it wakes up', async () => {
    await insert(50);
    await pipeline.startApplier();
    const frozen = startPoller(SHORT_LEASE);
    // Nothing may be under way: the poller could report it after the freeze, although it published before.
    await pipeline.untilConverged();
    await eventually(
      async () => {
        const acknowledged = frozen.messages.reduce((sum, { published = 0 }) => sum + Number(published), 0);
        return acknowledged === (await pipeline.readTopic(pipeline.settings.topic)).length;
      },
      { what: 'the acknowledgements of all records' },
    );
    frozen.freeze();
    await change(3);
    const successor = startPoller(SHORT_LEASE);
    await successor.until(({ published }) => published !== undefined);
    const messageCount = frozen.messages.length;
    frozen.wake();
    await frozen.until(({ result }) => (result as { outcome?: string })?.outcome === 'lease-lost');
    expect(frozen.messages.slice(messageCount).filter(({ published }) => published !== undefined)).toEqual([]);
    await change(3);
    await pipeline.untilConverged();
  });

  it('transfers its lease as soon as a successor requests it', async () => {
    await pipeline.startApplier();
    const first = startPoller(LONG_LEASE);
    await first.until(({ published }) => published !== undefined);
    // A successor that a busy machine keeps from beginning in time gives up, and the schedule starts the next one.
    let successor = startPoller(LONG_LEASE);
    const ended = await eventually(
      () => {
        if (resultOf(successor)?.outcome === 'lease-not-acquired') successor = startPoller(LONG_LEASE);
        return resultOf(first);
      },
      { what: 'the end of the first poller', withinMs: 110_000 },
    );
    expect(ended).toMatchObject({ outcome: 'lease-transferred' });
    await change(2);
    await pipeline.untilConverged();
  });

  it('refuses a source that is another server until a new snapshot is requested', async () => {
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

  it('begins a new snapshot without a ledger entry, which deletes what the source no longer has', async () => {
    await insert(20);
    await pipeline.startApplier();
    const first = await pipeline.startPoller();
    await pipeline.untilConverged();
    await first.stop();
    await pipeline.source.query(`delete from employees where emp_id < 5; delete from emp_cdc`);
    await pipeline.deleteLedgerEntry();
    await pipeline.startPoller();
    await pipeline.untilConverged();
  });
});

describe('an applier', () => {
  let fleet: ApplierFleet;
  beforeEach(() => {
    fleet = new ApplierFleet(pipeline.settings);
  });
  afterEach(() => fleet.stop());

  it('that dies between the commit and its response applies nothing twice', async () => {
    fleet.dieAfter = 1;
    await pipeline.startEventSource(fleet.handle);
    startPoller();
    await insert(300);
    await change(10);
    await pipeline.untilConverged();
    // The two sides may be equal already by what the dead applier committed. Its batch is retried all the same.
    await eventually(() => fleet.startedCount > pipeline.partitionCount, { what: 'the successor of the dead applier' });
    await change(2);
    await pipeline.untilConverged();
    expect(await pipeline.deadLetters()).toEqual([]);
  });

  it('that was frozen until its invocation timed out does not undo what its successor applied', async () => {
    await insert(300);
    await pipeline.startEventSource(fleet.handle);
    startPoller();
    await pipeline.untilConverged();
    const frozen = await eventually(
      () => {
        const serving = [0, 1, 2].flatMap((partition) => fleet.serving(partition) ?? []);
        return serving.length === pipeline.partitionCount && serving;
      },
      { what: 'an applier for each partition' },
    );
    const messageCounts = frozen.map(({ messages }) => messages.length);
    for (const each of frozen) each.freeze();
    await change(4);
    await pipeline.untilConverged();
    for (const each of frozen) each.wake();
    // Each received a batch while it was frozen, and now tries to apply it.
    await Promise.all(
      frozen.map((each, index) =>
        eventually(() => each.messages.length > (messageCounts[index] ?? 0), {
          what: 'the response of an applier that woke up',
        }),
      ),
    );
    await change(2);
    await pipeline.untilConverged();
    expect(await pipeline.deadLetters()).toEqual([]);
  });
});
