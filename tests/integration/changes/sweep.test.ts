import { changeRecord, snapshotEndRecord, truncateRecord } from '../../support/cdc/change-records.ts';
import { TargetRig } from '../../support/cdc/target-rig.ts';
import { createDatabase } from '../../support/servers.ts';

const STEP_ROWS = 10;

let url: string;
let rig: TargetRig;
beforeAll(async () => {
  url = await createDatabase('target');
});
beforeEach(async () => {
  rig = await TargetRig.open(url, { sweepStepRows: STEP_ROWS });
});
afterEach(() => rig.close());

/** Employees 1 to `count`, each with its number as change id and salary. */
const fill = (count: number) =>
  rig.applier.apply(
    Array.from({ length: count }, (_, index) => changeRecord(index + 1, { changeId: index + 1, salary: index + 1 })),
  );
const ids = async () => (await rig.salaries()).map(([empId]) => empId);
const leftovers = async () => (await rig.client.query('select emp_id from employee_version')).rowCount;
const paid = (...empIds: readonly number[]) =>
  rig.client.query(`create table payroll (emp_id int constraint paid references employees);
    insert into payroll select unnest('{${empIds.join(',')}}'::int[])`);

test('a TRUNCATE of many employees deletes them in steps of bounded size', async () => {
  await fill(95);
  await rig.client.query('insert into employees (emp_id) values (1000), (-5)');
  const sweep = jest.spyOn(rig.replica, 'sweep');
  await rig.applier.apply([truncateRecord(100), changeRecord(3, { changeId: 101, salary: 7 })]);
  expect(await rig.salaries()).toEqual([[3, 7]]);
  expect(await leftovers()).toBe(1);
  // A step has at most ten rows of both tables, the first one is part of the batch, and 191 rows need 20 steps.
  expect(sweep).toHaveBeenCalledTimes(19);
  await rig.applier.apply([truncateRecord(100)]);
  expect(sweep).toHaveBeenCalledTimes(19);
});

test('the end of a snapshot deletes the employees of older epochs in steps, and no others', async () => {
  await fill(40);
  const rows = Array.from({ length: 20 }, (_, index) =>
    changeRecord(2 * index + 1, { action: 'SNAPSHOT', epoch: 2, changeId: 0, salary: 0 }),
  );
  const sweep = jest.spyOn(rig.replica, 'sweep');
  await rig.applier.apply([...rows, snapshotEndRecord(2, 0, 1)]);
  expect(await ids()).toEqual(rows.map((_, index) => 2 * index + 1));
  expect(sweep.mock.calls.length).toBeGreaterThanOrEqual(5);
});

test('a step that takes too long makes the next ones shorter, until they are quick again', async () => {
  await fill(95);
  await rig.client.query(`create function time_out() returns trigger language plpgsql as
    $$ begin raise 'canceling statement due to statement timeout' using errcode = '57014'; end $$;
    create trigger slow before delete on employees execute function time_out()`);
  await expect(rig.applier.apply([truncateRecord(100)])).rejects.toMatchObject({ code: '57014' });
  await rig.client.query('drop trigger slow on employees');
  const sweep = jest.spyOn(rig.replica, 'sweep');
  await rig.applier.apply([truncateRecord(100)]);
  expect(await ids()).toEqual([]);
  // Two steps of three rows, and twenty of ten at most. Steps of three rows would be 64.
  expect(sweep.mock.calls.length).toBeGreaterThan(18);
  expect(sweep.mock.calls.length).toBeLessThan(22);
});

test('a small TRUNCATE is one transaction', async () => {
  await fill(4);
  const sweep = jest.spyOn(rig.replica, 'sweep');
  await rig.applier.apply([truncateRecord(100)]);
  expect(await ids()).toEqual([]);
  expect(sweep).not.toHaveBeenCalled();
});

describe('a process that dies between two steps', () => {
  beforeEach(async () => {
    await fill(50);
    jest.spyOn(rig.replica, 'sweep').mockRejectedValueOnce(new Error('killed'));
    await expect(rig.applier.apply([truncateRecord(100)])).rejects.toThrow('killed');
    expect((await ids()).length).toBeGreaterThan(40);
  });

  test('has its sweep continued by the retry of its batch', async () => {
    await rig.applier.apply([truncateRecord(100)]);
    expect(await ids()).toEqual([]);
    expect(await leftovers()).toBe(0);
  });

  test('has its sweep continued by any other batch, whose changes stay', async () => {
    await rig.applier.apply([changeRecord(7, { changeId: 101, salary: 1 }), changeRecord(8, { changeId: 99 })]);
    expect(await rig.salaries()).toEqual([[7, 1]]);
    await rig.applier.apply([truncateRecord(100)]);
    expect(await rig.salaries()).toEqual([[7, 1]]);
  });
});

test('batches of other partitions are applied while a sweep is under way', async () => {
  await fill(300);
  await Promise.all([
    rig.applier.apply([truncateRecord(1_000)]),
    ...Array.from({ length: 30 }, (_, index) =>
      rig.applier.apply([changeRecord(10 * index + 1, { changeId: 1_001, salary: index })]),
    ),
  ]);
  expect(await rig.salaries()).toEqual(Array.from({ length: 30 }, (_, index) => [10 * index + 1, index]));
});

test('an invocation that has no time left ends between two steps, and its retry goes on', async () => {
  await fill(95);
  let remainingMs = 60_000;
  const deadline = {
    remainingMs: () => {
      remainingMs -= 10_000;
      return remainingMs;
    },
  };
  await expect(rig.applier.apply([truncateRecord(100)], deadline)).rejects.toMatchObject({
    code: 'PIPE_SWEEP_UNFINISHED',
    retry: 'timed',
  });
  expect((await ids()).length).toBeLessThan(95);
  await rig.applier.apply([truncateRecord(100)]);
  expect(await ids()).toEqual([]);
});

describe('employees that another table refers to', () => {
  test('stay, and make a dead letter of the TRUNCATE; when it is redriven after the remedy, they are deleted', async () => {
    await fill(60);
    await paid(5, 42);
    await rig.applier.apply([truncateRecord(100), changeRecord(61, { changeId: 101, salary: 1 })]);
    expect(await ids()).toEqual([5, 42, 61]);
    const reason = expect.stringMatching(/23503, constraint paid of table payroll/);
    expect(rig.deadLetters).toMatchObject([{ code: 'PIPE_CHANGE_REFUSED', reason, origin: { partition: 0 } }]);
    await rig.applier.apply([truncateRecord(100)]);
    expect(rig.deadLetters).toHaveLength(2);
    await rig.client.query('drop table payroll');
    await rig.applier.apply([truncateRecord(100)]);
    expect(await ids()).toEqual([61]);
    expect(rig.deadLetters).toHaveLength(2);
  });

  test('stay, and make a dead letter of the end of a snapshot', async () => {
    await fill(15);
    await paid(5);
    await rig.applier.apply([snapshotEndRecord(2, 0, 1)]);
    expect(await ids()).toEqual([5]);
    expect(rig.deadLetters).toMatchObject([{ reason: expect.stringMatching(/constraint paid/) }]);
  });

  test('are updated by later changes', async () => {
    await fill(3);
    await paid(2);
    await rig.applier.apply([truncateRecord(100)]);
    await rig.applier.apply([changeRecord(2, { changeId: 101, salary: 9 })]);
    expect(await rig.salaries()).toEqual([[2, 9]]);
  });

  test('make everything wait when they are a tenth of the table and more than twenty', async () => {
    await fill(60);
    await rig.client.query(`create table payroll (emp_id int constraint paid references employees);
      insert into payroll select emp_id from employees`);
    const attempt = rig.applier.apply([truncateRecord(100)]);
    await expect(attempt).rejects.toMatchObject({
      code: 'PIPE_TARGET_SCHEMA',
      message: expect.stringMatching(/23503, constraint paid.*alter table payroll drop constraint paid/),
    });
    expect(rig.deadLetters).toEqual([]);
    await rig.client.query('alter table payroll drop constraint paid');
    await rig.applier.apply([truncateRecord(100)]);
    expect(await ids()).toEqual([]);
  });
});
