import { changeRecord } from '../../support/cdc/change-records.ts';
import type { RedriveTask } from '../../support/redrive-process.ts';
import { RedriveRig } from '../../support/redrive-rig.ts';

const NO_DEADLINE = { remainingMs: () => Number.POSITIVE_INFINITY };
const BATCH = 5;
/** Three batches. The target accepts those with even keys when they are redriven, and refuses the others again. */
const EMPLOYEES = Array.from({ length: 12 }, (_, index) => 1_000 + index);
const HALF = EMPLOYEES.length / 2;

let rig: RedriveRig;
let recordsBefore: number;
beforeAll(async () => {
  rig = await RedriveRig.open();
});
afterAll(() => rig.close());

beforeEach(async () => {
  // What the test before has published must not fail against the constraint of this one.
  await rig.consume();
  await rig.query('truncate dead_letter, redrive, dead_letter_count, employees, employee_version');
  await rig.query('alter table employees add constraint too_much check (salary < 500 or emp_id < 500)');
  const accepted = EMPLOYEES.map((empId) => changeRecord(empId - 900, { salary: 1 }));
  const refused = EMPLOYEES.map((empId) =>
    changeRecord(empId, { salary: 900, changeId: 5, changedAt: new Date().toISOString() }),
  );
  await rig.publishChanges([...accepted, ...refused]);
  await rig.consume();
  expect(await states()).toEqual({ open: EMPLOYEES.length });
  await rig.query('alter table employees drop constraint too_much');
  await rig.query('alter table employees add constraint too_much check (salary < 500 or emp_id % 2 = 0)');
  recordsBefore = await recordCount();
});
afterEach(() => rig.query('alter table employees drop constraint if exists too_much'));

async function states(): Promise<Record<string, number>> {
  const rows = await rig.query<{ state: string; count: number }>(
    'select state, count(*)::int as count from dead_letter group by state order by state',
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

async function recordCount(): Promise<number> {
  return (await rig.recordsOf(rig.changesTopic)).length;
}

/** Resolves when the process has been killed at the step. */
const killAt = async (action: RedriveTask['action'], diesAt: string) =>
  expect([diesAt, await rig.runProcess({ action, diesAt, rate: 2 * BATCH })]).toEqual([diesAt, 'SIGKILL']);

const plan = async () => {
  const { ledger } = await rig.redrive();
  await ledger.plan({ filter: {}, note: null, rate: 2 * BATCH });
};

/** As the schedule does once the owner has been silent for too long. */
async function resume(): Promise<void> {
  await rig.query(`update redrive set heartbeat_at = heartbeat_at - interval '1 minute'`);
  await (await rig.redrive()).redriver.resume('successor', NO_DEADLINE);
}

async function settle(): Promise<void> {
  await rig.consume();
  await (await rig.redrive()).settler.settle();
}

/** Nothing is lost, resolved without being applied, or counted twice, and at most so many records are published again. */
async function expectRightOutcome(repeated: number): Promise<void> {
  expect(await states()).toEqual({ open: HALF, resolved: HALF });
  const unlike = `select dlq_id from dead_letter left join employees on emp_id = record_key::int and salary = 900
    where (state = 'resolved') <> (emp_id is not null) or attempts <> case state when 'resolved' then 1 else 2 end`;
  expect(await rig.query(unlike)).toEqual([]);
  expect(await rig.query('select count(*)::int as count from employees where salary = 900')).toEqual([{ count: HALF }]);
  const { ledger } = await rig.redrive();
  expect(await ledger.find()).toMatchObject({
    ...{ state: 'complete', claimed: EMPLOYEES.length, published: EMPLOYEES.length, resolved: HALF, failed: HALF },
    refused: 0,
  });
  const published = (await recordCount()) - recordsBefore;
  expect(published).toBeGreaterThanOrEqual(EMPLOYEES.length);
  expect(published).toBeLessThanOrEqual(EMPLOYEES.length + repeated);
}

describe('a redrive whose process is killed', () => {
  it('before its plan is committed claims nothing', async () => {
    await killAt('plan', 'before commit 1');
    expect(await states()).toEqual({ open: EMPLOYEES.length });
    const { ledger } = await rig.redrive();
    expect(await ledger.find()).toBeNull();
    await plan();
    expect(await states()).toEqual({ claimed: EMPLOYEES.length });
  });

  it('after its plan is committed is taken up', async () => {
    await killAt('plan', 'after commit 1');
    expect(await states()).toEqual({ claimed: EMPLOYEES.length });
    await resume();
    await settle();
    await expectRightOutcome(0);
  });

  /** The step, and how many records are then published again at most: those of the batch in flight that did not come back. */
  it.each([
    ['after acquire 1', 0],
    ['before publish 1', 0],
    ['after publish 2', BATCH],
    ['before commit 2', BATCH],
    ['after commit 2', 0],
    ['after finishPublishing 1', 0],
  ] as const)('%s publishes at most one batch again', async (step, repeated) => {
    await plan();
    await killAt('run', step);
    // What was published is applied and indexed before anything resumes.
    await rig.consume();
    await resume();
    await settle();
    await expectRightOutcome(repeated);
  });

  it.each(['before resolve 1', 'before commit 1', 'after commit 1', 'after completeSettled 1'])(
    '%s decides about each dead letter once',
    async (step) => {
      await plan();
      await (await rig.redrive()).redriver.resume('me', NO_DEADLINE);
      await rig.consume();
      await killAt('settle', step);
      await settle();
      await expectRightOutcome(0);
    },
  );
});
