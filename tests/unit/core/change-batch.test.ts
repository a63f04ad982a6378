import fc from 'fast-check';
import { planBatch } from '../../../functions/core/change-batch.ts';
import type { ReceivedChange } from '../../../functions/core/change-record.ts';
import { compareVersions } from '../../../functions/core/change-version.ts';
import type { Change } from '../../../functions/core/employee-change.ts';

const NO_WATERMARK = { epoch: 0n, changeId: 0n };

let nextOffset = 0;
function receive(change: Change): ReceivedChange {
  nextOffset += 1;
  return {
    change,
    record: { topic: 't', partition: 0, offset: String(nextOffset), timestampMs: 0, key: null, value: null },
  };
}

const employee = (empId: number) => ({ empId, firstName: null, lastName: null, dob: null, city: null, salary: null });
const update = (empId: number, changeId: bigint, epoch = 1n) =>
  receive({ action: 'UPDATE', epoch, changeId, employee: employee(empId) });
const truncate = (changeId: bigint, epoch = 1n) => receive({ action: 'TRUNCATE', epoch, changeId });
const snapshotEnd = (epoch: bigint) => receive({ action: 'SNAPSHOT_END', epoch, changeId: 0n, partitions: 3 });

test('an empty batch has nothing to apply', () => {
  expect(planBatch([], NO_WATERMARK)).toEqual({ truncate: undefined, candidates: [], snapshotEnds: [] });
});

test('the candidates are grouped by employee, in ascending order of their ids', () => {
  const [a, b, c] = [update(10, 1n), update(-3, 2n), update(9, 3n)];

  expect(planBatch([a, b, c], NO_WATERMARK).candidates).toEqual([[b], [c], [a]]);
});

test('the newest change of an employee comes first, whatever the order of the records', () => {
  const [first, second, third] = [update(1, 1n), update(1, 2n), update(1, 1n, 2n)];

  for (const batch of [
    [first, second, third],
    [third, second, first],
    [second, third, first],
  ]) {
    expect(planBatch(batch, NO_WATERMARK).candidates).toEqual([[third, second, first]]);
  }
});

test('a change that is delivered again comes after the first delivery', () => {
  const [first, again] = [update(1, 1n), update(1, 1n)];

  expect(planBatch([first, again], NO_WATERMARK).candidates).toEqual([[first, again]]);
});

test('changes at or below the watermark are left out', () => {
  const [below, at, above] = [update(1, 4n), update(2, 5n), update(3, 6n)];

  expect(planBatch([below, at, above], { epoch: 1n, changeId: 5n }).candidates).toEqual([[above]]);
});

test('the greatest TRUNCATE is the new watermark, also for changes that come before it', () => {
  const [before, between, after] = [update(1, 1n), update(2, 5n), update(3, 8n)];
  const plan = planBatch([before, truncate(3n), between, truncate(7n), truncate(6n), after], NO_WATERMARK);

  expect(plan.truncate?.change).toMatchObject({ epoch: 1n, changeId: 7n });
  expect(plan.candidates).toEqual([[after]]);
});

test('a TRUNCATE at or below the watermark is ignored', () => {
  for (const changeId of [4n, 5n]) {
    expect(planBatch([truncate(changeId)], { epoch: 1n, changeId: 5n }).truncate).toBeUndefined();
  }
});

test('the TRUNCATE that is the watermark is planned again on request, and an older one is not', () => {
  const watermark = { epoch: 1n, changeId: 5n };
  const [older, same, newer] = [truncate(4n), truncate(5n), truncate(6n)];

  expect(planBatch([older], watermark, true).truncate).toBeUndefined();
  expect(planBatch([older, same, truncate(5n)], watermark, true).truncate).toEqual(same);
  expect(planBatch([same, newer], watermark, true).truncate).toEqual(newer);
});

test('the ends of snapshots above the watermark are kept in their order', () => {
  const [old, current, next] = [snapshotEnd(1n), snapshotEnd(3n), snapshotEnd(2n)];
  const plan = planBatch([old, current, next], { epoch: 1n, changeId: 9n });

  expect(plan).toEqual({ truncate: undefined, candidates: [], snapshotEnds: [current, next] });
});

test('every change above the watermark is planned once, newest first, and no other', () => {
  const changes = fc.array(
    fc
      .tuple(fc.nat(3), fc.bigInt({ min: 1n, max: 6n }), fc.bigInt({ min: 1n, max: 2n }))
      .map((args) => update(...args)),
    { maxLength: 20 },
  );

  fc.assert(
    fc.property(changes, fc.bigInt({ min: 0n, max: 6n }), (batch, changeId) => {
      const watermark = { epoch: 1n, changeId };
      const { candidates } = planBatch(batch, watermark);
      const planned = candidates.flat();
      const above = batch.filter(({ change }) => compareVersions(change, watermark) > 0);

      expect(new Set(planned)).toEqual(new Set(above));
      expect(planned).toHaveLength(above.length);
      for (const group of candidates) {
        for (const [index, next] of group.slice(1).entries()) {
          expect(next.change.employee.empId).toBe(group[index]?.change.employee.empId);
          expect(compareVersions(group[index]?.change ?? NO_WATERMARK, next.change)).toBeGreaterThanOrEqual(0);
        }
      }
    }),
  );
});
