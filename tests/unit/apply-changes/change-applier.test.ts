import { ChangeApplier } from '../../../functions/apply-changes/change-applier.ts';
import { parseChangeRules } from '../../../functions/core/change-rules.ts';
import type { DeadLetter } from '../../../functions/core/dead-letter.ts';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import type { WatermarkLock } from '../../../functions/ports/employee-replica.ts';
import { createTickRecorder } from '../../../functions/runtime/tick-recorder.ts';
import { changeRecord, snapshotEndRecord, truncateRecord } from '../../support/cdc/change-records.ts';
import { InMemoryEmployeeReplica } from '../../support/cdc/in-memory-employee-replica.ts';

function createApplier(rules = '') {
  const replica = new InMemoryEmployeeReplica();
  const transaction = jest.spyOn(replica, 'transaction');
  const deadLetters: DeadLetter[] = [];
  const publish = jest.fn(async (more: readonly DeadLetter[]) => void deadLetters.push(...more));
  const applier = new ChangeApplier(replica, { publish }, parseChangeRules(rules), createTickRecorder('apply-changes'));
  return {
    applier,
    replica,
    deadLetters,
    publish,
    salaries: () => replica.employees.map(({ empId, salary }) => [empId, salary]),
    locks: () => transaction.mock.calls.map(([lock]) => lock),
  };
}

describe('a batch', () => {
  test('is applied in one transaction', async () => {
    const { applier, salaries, publish, locks } = createApplier();
    const records = [changeRecord(1, { salary: 10 }), changeRecord(2, { salary: 20 })];

    expect(await applier.apply(records)).toMatchObject({ applied: 2, received: 2, deadLettered: 0 });
    expect(salaries()).toEqual([
      [1, 10],
      [2, 20],
    ]);
    expect(publish).not.toHaveBeenCalled();
    expect(locks()).toEqual(['shared']);
  });

  test('writes what it has received to the history, with the time since the changes in the source', async () => {
    const { applier, replica } = createApplier();
    const snapshot = changeRecord(2, { action: 'SNAPSHOT' });
    const { latency } = await applier.apply([changeRecord(1), truncateRecord(9), snapshot]);

    const [tick] = replica.history.ticks;
    expect(tick).toMatchObject({ functionName: 'apply-changes', batches: 1, records: 3 });
    // Those of the change and of the truncate, which are years ago. The image of the snapshot has none.
    expect(tick?.latencyCounts.reduce((total, count) => total + count)).toBe(2);
    expect(latency?.greatestMs).toBeGreaterThan(10_000);
  });

  test('leaves the time that a redriven change has waited out of the history', async () => {
    const { applier, replica } = createApplier();
    const redriven = { ...changeRecord(1), headers: [['dlq.id', Buffer.from('employee-changes/0/7')] as const] };
    expect((await applier.apply([redriven])).latency).toBeUndefined();
    expect(replica.history.ticks).toMatchObject([{ records: 1, greatestMs: null }]);
  });

  test('without records starts no transaction', async () => {
    const { applier, locks } = createApplier();

    expect(await applier.apply([])).toMatchObject({ applied: 0, received: 0, deadLettered: 0 });
    expect(locks()).toEqual([]);
  });

  test('records the offsets of all its records, also of dead letters, with what it applies', async () => {
    const { applier, replica } = createApplier('noNegativeEmpId');
    replica.refuses = ({ employee }) => employee.salary === -1;
    const at = (offset: number, record: KafkaRecord): KafkaRecord => ({ ...record, offset: String(offset) });
    const unreadable = at(3, { ...changeRecord(1), value: null });
    const refused = at(2, changeRecord(2, { salary: -1 }));
    await applier.apply([at(0, changeRecord(1)), at(1, changeRecord(-1)), refused, unreadable]);
    await applier.apply([at(4, { ...unreadable, partition: 1 })]);

    const { partitions } = await replica.appliedOffsets.read('employee-changes');
    expect(partitions.map(({ partition, offsets }) => [partition, offsets])).toEqual([
      [0, [{ first: 0n, next: 4n }]],
      [1, [{ first: 4n, next: 5n }]],
    ]);
  });

  test('changes nothing when it is applied again', async () => {
    const { applier } = createApplier();
    const records = [changeRecord(1, { salary: 10 }), changeRecord(1, { action: 'DELETE', changeId: 2 })];
    await applier.apply(records);

    expect(await applier.apply(records)).toMatchObject({ applied: 0, received: 2, deadLettered: 0 });
  });

  test.each<[string, ReturnType<typeof changeRecord>, WatermarkLock]>([
    ['a change', changeRecord(1), 'shared'],
    ['a TRUNCATE', truncateRecord(5), 'exclusive'],
    ['the end of a snapshot', snapshotEndRecord(2, 0, 3), 'exclusive'],
  ])('with %s takes the lock that it needs', async (_, record, lock) => {
    const { applier, locks } = createApplier();
    await applier.apply([changeRecord(9), record]);

    expect(locks()).toEqual([lock]);
  });
});

describe('a change that the database refuses', () => {
  test('is dead-lettered, and all others are applied', async () => {
    const { applier, replica, deadLetters, salaries } = createApplier();
    replica.refuses = ({ employee }) => employee.salary === -1;
    const records = [1, 2, 3, 4, 5].map((empId) => changeRecord(empId, { salary: empId === 4 ? -1 : empId }));

    expect(await applier.apply(records)).toMatchObject({ applied: 4, received: 5, deadLettered: 1 });
    expect(salaries()).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [5, 5],
    ]);
    expect(deadLetters).toEqual([
      {
        code: 'PIPE_CHANGE_REFUSED',
        reason: 'the target database refuses this change: SQLSTATE 23514, constraint rule of table employees',
        origin: { topic: 'employee-changes', partition: 0, offset: records[3]?.offset },
        key: Buffer.from('4'),
        payload: records[3]?.value,
      },
    ]);
  });

  test('is replaced by the next older change of the employee that the database accepts', async () => {
    const { applier, replica, deadLetters, salaries } = createApplier();
    replica.refuses = ({ employee }) => (employee.salary ?? 0) < 0;
    const records = [-3, 7, -2, -1].map((salary, index) => changeRecord(1, { salary, changeId: index + 1 }));

    expect(await applier.apply(records)).toMatchObject({ applied: 1, received: 4, deadLettered: 2 });
    expect(salaries()).toEqual([[1, 7]]);
    expect(deadLetters.map(({ origin }) => origin)).toEqual([
      expect.objectContaining({ offset: records[3]?.offset }),
      expect.objectContaining({ offset: records[2]?.offset }),
    ]);
  });

  test('leaves the batch undone when the database is unreachable during the isolation', async () => {
    const { applier, replica, publish, salaries } = createApplier();
    let attempts = 0;
    replica.refuses = () => {
      attempts += 1;
      if (attempts > 2) throw new Error('connection lost');
      return true;
    };

    await expect(applier.apply([changeRecord(1), changeRecord(2)])).rejects.toThrow('connection lost');
    expect(salaries()).toEqual([]);
    expect(publish).not.toHaveBeenCalled();
  });
});

test('a transient error is thrown without an attempt to isolate changes', async () => {
  const { applier, replica, publish, locks } = createApplier();
  replica.refuses = () => {
    throw new Error('connection lost');
  };

  await expect(applier.apply([changeRecord(1)])).rejects.toThrow('connection lost');
  expect(locks()).toHaveLength(1);
  expect(publish).not.toHaveBeenCalled();
});

test('dead letters are published after the commit, and their failure is thrown', async () => {
  const { applier, publish, salaries } = createApplier();
  publish.mockImplementationOnce(() => {
    expect(salaries()).toEqual([[1, 10]]);
    return Promise.reject(new Error('no broker'));
  });
  const records = [{ ...changeRecord(2), value: null }, changeRecord(1, { salary: 10 })];

  await expect(applier.apply(records)).rejects.toThrow('no broker');
  expect(publish).toHaveBeenCalledTimes(1);
});

describe('a TRUNCATE', () => {
  test('deletes the employees at or below its version, also those without a version', async () => {
    const { applier, replica, salaries } = createApplier();
    replica.insertWithoutVersion({ empId: 9, firstName: null, lastName: null, dob: null, city: null, salary: 9 });
    await applier.apply([changeRecord(1, { salary: 1, changeId: 4 }), changeRecord(2, { salary: 2, changeId: 8 })]);
    const result = await applier.apply([truncateRecord(6), changeRecord(3, { salary: 3, changeId: 7 })]);

    expect(result).toMatchObject({ applied: 1, received: 2, deadLettered: 0 });
    expect(salaries()).toEqual([
      [2, 2],
      [3, 3],
    ]);
  });

  test('is not undone by older changes that are delivered after it', async () => {
    const { applier, salaries } = createApplier();
    await applier.apply([truncateRecord(6)]);
    await applier.apply([changeRecord(1, { changeId: 6 }), changeRecord(2, { salary: 2, changeId: 7 })]);

    expect(salaries()).toEqual([[2, 2]]);
  });
});

describe('the end of a snapshot', () => {
  const snapshotOf = (empId: number, salary: number) =>
    changeRecord(empId, { action: 'SNAPSHOT', epoch: 2, changeId: 0, salary });

  test('deletes the employees of older epochs once all partitions have ended', async () => {
    const { applier, salaries } = createApplier();
    await applier.apply([changeRecord(1, { salary: 1 }), changeRecord(2, { salary: 2 })]);
    await applier.apply([snapshotOf(2, 20), snapshotEndRecord(2, 0, 2)]);
    expect(salaries()).toEqual([
      [1, 1],
      [2, 20],
    ]);

    await applier.apply([snapshotEndRecord(2, 1, 2)]);
    expect(salaries()).toEqual([[2, 20]]);
  });

  test('keeps the employees of the source whose images violate a rule or are refused', async () => {
    const { applier, replica, salaries, deadLetters } = createApplier('salaryAbove=0');
    replica.refuses = ({ employee }) => employee.salary === 666;
    await applier.apply([1, 2, 3].map((empId) => changeRecord(empId, { salary: empId })));
    await applier.apply([snapshotOf(1, 0), snapshotOf(2, 666), snapshotEndRecord(2, 0, 1)]);

    expect(deadLetters.map(({ code }) => code)).toEqual(['salaryAbove', 'PIPE_CHANGE_REFUSED']);
    expect(salaries()).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test('retains an employee whose image in the snapshot cannot be decoded', async () => {
    const { applier, salaries } = createApplier('');
    await applier.apply([changeRecord(1, { salary: 1 }), changeRecord(2, { salary: 2 })]);
    const unreadable = changeRecord(1, { action: 'SNAPSHOT', epoch: 2, city: 'x'.repeat(101) });
    await applier.apply([unreadable]);
    await applier.apply([snapshotEndRecord(2, 0, 1)]);

    expect(salaries()).toEqual([[1, 1]]);
  });

  test('does not retain an employee because of a refused change that is not an image of the snapshot', async () => {
    const { applier, salaries } = createApplier('salaryAbove=0');
    await applier.apply([changeRecord(1, { salary: 1 })]);
    await applier.apply([changeRecord(1, { salary: 0, epoch: 2, changeId: 9 }), snapshotEndRecord(2, 0, 1)]);

    expect(salaries()).toEqual([]);
  });
});
