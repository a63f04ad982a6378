import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import type { RedriveConnections } from '../../../functions/redrive/wiring.ts';
import { changeRecord } from '../../support/cdc/change-records.ts';
import { RedriveRig } from '../../support/redrive-rig.ts';

const NO_DEADLINE = { remainingMs: () => Number.POSITIVE_INFINITY };

let rig: RedriveRig;
beforeAll(async () => {
  rig = await RedriveRig.open();
});
afterAll(() => rig.close());

let firstEmployee = 1_000;
let employees: number[] = [];
/** Employees of the test's own, whose changes the target refuses until `mend`; those of others are accepted. */
beforeEach(async () => {
  firstEmployee += 1_000;
  employees = Array.from({ length: 12 }, (_, index) => firstEmployee + index);
  const accepted = Array.from({ length: 24 }, (_, index) => firstEmployee - 100 + index);
  // What the test before has published must not fail against the constraint of this one.
  await rig.consume();
  await rig.query('truncate dead_letter, redrive, dead_letter_count, employees, employee_version');
  await rig.query('alter table employees add constraint too_much check (salary < 500)');
  await rig.publishChanges([
    ...accepted.map((empId) => changeRecord(empId, { salary: 1 })),
    ...employees.map((empId) => changeRecord(empId, { salary: 900, changeId: 5, changedAt: new Date().toISOString() })),
  ]);
  await rig.consume();
  expect(await states()).toEqual({ open: employees.length });
});
afterEach(() => rig.query('alter table employees drop constraint if exists too_much'));

const mend = () => rig.query('alter table employees drop constraint too_much');

async function states(): Promise<Record<string, number>> {
  const rows = await rig.query<{ state: string; count: number }>(
    'select state, count(*)::int as count from dead_letter group by state order by state',
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

async function appliedEmployees(): Promise<number> {
  const rows = await rig.query<{ count: number }>('select count(*)::int as count from employees where salary = 900');
  return rows[0]?.count ?? 0;
}

async function recordCount(): Promise<number> {
  return (await rig.recordsOf(rig.changesTopic)).length;
}

/** Plans with small batches. */
async function plan({ ledger }: RedriveConnections): Promise<string> {
  const redrive = await ledger.plan({ filter: {}, note: null, rate: BATCH * 2 });
  return redrive?.redriveId ?? '';
}
const BATCH = 5;

/** Everything is consumed and decided. */
async function settle(): Promise<void> {
  await rig.consume();
  const { settler } = await rig.redrive();
  await settler.settle();
}

describe('a redrive', () => {
  it('applies what the target accepts now, with the original key, partition and headers', async () => {
    const before = await rig.recordsOf(rig.changesTopic);
    await mend();
    const redrive = await rig.redrive();
    const redriveId = await plan(redrive);
    expect(await redrive.redriver.run(redriveId, 'me', NO_DEADLINE)).toBe('published');
    expect(await states()).toEqual({ redriven: employees.length });
    await settle();
    expect(await states()).toEqual({ resolved: employees.length });
    expect(await appliedEmployees()).toBe(employees.length);
    expect(await redrive.ledger.find()).toMatchObject({
      ...{ state: 'complete', published: employees.length, resolved: employees.length, failed: 0, refused: 0 },
    });
    const records = await rig.recordsOf(rig.changesTopic);
    const isOf = (empId: number) => (record: KafkaRecord) => String(record.key) === String(empId);
    for (const empId of employees) {
      const [first, second] = [before, records].map((each) => each.findLast(isOf(empId)));
      expect(second).toMatchObject({ partition: first?.partition, value: first?.value });
      expect(second?.offset).not.toBe(first?.offset);
      const headers = Object.fromEntries((second?.headers ?? []).map(([name, value]) => [name, String(value)]));
      expect(Object.keys(headers).sort()).toEqual(['dlq.attempts', 'dlq.first-at', 'dlq.id']);
      expect(headers['dlq.id']).toBe(`${rig.changesTopic}/${first?.partition}/${first?.offset}`);
    }
  });

  it('opens again what fails again, and parks it after three attempts', async () => {
    for (const [attempts, state] of [
      [2, 'open'],
      [3, 'parked'],
    ] as const) {
      const redrive = await rig.redrive();
      await redrive.redriver.run(await plan(redrive), 'me', NO_DEADLINE);
      await settle();
      expect(await states()).toEqual({ [state]: employees.length });
      expect(await redrive.ledger.find()).toMatchObject({ state: 'complete', resolved: 0, failed: employees.length });
      expect(await rig.query('select distinct attempts from dead_letter')).toEqual([{ attempts }]);
    }
    const { ledger } = await rig.redrive();
    expect(await ledger.plan({ filter: {}, note: null, rate: null })).toBeNull();
  });

  it('never overwrites a newer change', async () => {
    await rig.publishChanges(employees.map((empId) => changeRecord(empId, { salary: 7, changeId: 6 })));
    await rig.consume();
    await mend();
    const redrive = await rig.redrive();
    await redrive.redriver.run(await plan(redrive), 'me', NO_DEADLINE);
    await settle();
    expect(await states()).toEqual({ resolved: employees.length });
    expect(await appliedEmployees()).toBe(0);
    expect(await rig.query('select distinct salary from employees where emp_id >= $1', [firstEmployee])).toEqual([
      { salary: 7 },
    ]);
  });

  it('is one at a time', async () => {
    const [one, two] = await Promise.all([rig.redrive(), rig.redrive()]);
    const redriveId = await plan(one);
    await expect(plan(two)).rejects.toMatchObject({ code: 'PIPE_REDRIVE_IN_PROGRESS' });
    await mend();
    const count = await recordCount();
    const outcomes = await Promise.all([
      one.redriver.run(redriveId, 'one', NO_DEADLINE),
      two.redriver.run(redriveId, 'two', NO_DEADLINE),
    ]);
    expect(outcomes.sort()).toEqual(['busy', 'published']);
    expect(await recordCount()).toBe(count + employees.length);
  });

  it('is continued by another invocation when the time is short', async () => {
    await mend();
    const redrive = await rig.redrive();
    const redriveId = await plan(redrive);
    let batches = 0;
    const deadline = { remainingMs: () => (batches++ < 2 ? 1_000 : -1) };
    expect(await redrive.redriver.run(redriveId, 'one', deadline)).toBe('continued');
    expect(rig.redriveInvocations.events.at(-1)).toEqual({ action: 'run', redriveId });
    expect((await states())['redriven']).toBe(BATCH);
    expect(await redrive.redriver.run(redriveId, 'two', NO_DEADLINE)).toBe('published');
    await settle();
    expect(await states()).toEqual({ resolved: employees.length });
  });

  it('stops when it is cancelled, and decides about what was published', async () => {
    await mend();
    const redrive = await rig.redrive();
    const redriveId = await plan(redrive);
    const execute = redrive.batch.execute.bind(redrive.batch);
    jest.spyOn(redrive.batch, 'execute').mockImplementation(async (steps) => {
      const outcome = await execute(steps);
      await redrive.ledger.cancel(redriveId);
      return outcome;
    });
    expect(await redrive.redriver.run(redriveId, 'me', NO_DEADLINE)).toBe('stopped');
    expect(await states()).toEqual({ open: employees.length - BATCH, redriven: BATCH });
    await settle();
    expect(await states()).toEqual({ open: employees.length - BATCH, resolved: BATCH });
    expect(await redrive.ledger.find()).toMatchObject({ state: 'canceled', resolved: BATCH, failed: 0 });
  });

  it('refuses, and leaves open, what the topic no longer has', async () => {
    const [gone] = await rig.query<{ id: string }>(
      'update dead_letter set kafka_offset = 9999 where dlq_id = (select min(dlq_id) from dead_letter) returning dlq_id as id',
    );
    await mend();
    const redrive = await rig.redrive();
    await redrive.redriver.run(await plan(redrive), 'me', NO_DEADLINE);
    await settle();
    expect(await states()).toEqual({ open: 1, resolved: employees.length - 1 });
    expect(await redrive.ledger.find()).toMatchObject({
      ...{ state: 'complete', refused: 1, published: employees.length - 1 },
      refusals: [{ code: 'PIPE_REDRIVE_GONE', count: 1, ids: [gone?.id] }],
    });
  });
});
