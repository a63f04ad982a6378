import fc from 'fast-check';
import type { Database } from '../../../../functions/adapters/postgres/database.ts';
import { arrivalOf, countsOf, type SalaryDatabaseUnderTest, salaryOf } from '../../../contract/salary-database.ts';
import { createSalaryDatabase, emptySalaryDatabase, wrongTotals } from '../../../support/salary-database.ts';

const DEPARTMENTS = ['CIT', 'ECC', 'EMS'];
const latest = async () => true;

const step = fc.record({
  file: fc.integer({ min: 0, max: 2 }),
  version: fc.integer({ min: 1, max: 3 }),
  action: fc.constantFrom('load', 'load', 'load', 'takeOver', 'recordRefused', 'finish', 'supersede'),
  first: fc.integer({ min: 1, max: 40 }),
  count: fc.integer({ min: 1, max: 40 }),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

let database: Database;
let deadlocks = 0;
beforeAll(async () => {
  ({ database } = await createSalaryDatabase(16));
});
afterAll(async () => {
  await database.close();
  if (deadlocks > 0) process.stdout.write(`deadlocks between batches: ${deadlocks}\n`);
});

async function act({ ledger, tables }: SalaryDatabaseUnderTest, { file, version, action, first, count }: Step) {
  const arrival = arrivalOf(`${file}.csv`, String(version));
  const rows = Array.from({ length: count }, (_, index) =>
    salaryOf(arrival, first + index, {
      department: DEPARTMENTS[(first + index) % 3] as string,
      salary: 100 * version + first + index,
    }),
  );
  await ledger.register(arrival, latest);
  if (action === 'load') await retryDeadlocks(() => tables.load(rows));
  else if (action === 'recordRefused') await tables.recordRefused([salaryOf(arrival, 100 + first)]);
  else if (action === 'takeOver') await ledger.takeOver(arrival, latest);
  else if (action === 'finish') await ledger.finish(arrival, countsOf(count));
  else await ledger.supersede(arrival);
}

/** Retries as the event source does: batches with the same rows in different orders may deadlock. */
async function retryDeadlocks<Result>(work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if ((error as { code?: string }).code !== '40P01') throw error;
      deadlocks += 1;
    }
  }
}

/** Compares the totals with the rows again and again while the work runs, at least once. */
async function whileObserved(work: () => Promise<unknown>): Promise<void> {
  let isRunning = true;
  const observer = (async () => {
    for (let looks = 0; isRunning || looks === 0; looks += 1) expect(await wrongTotals(database)).toEqual([]);
  })();
  try {
    await work();
  } finally {
    isRunning = false;
    await observer;
  }
  expect(await wrongTotals(database)).toEqual([]);
}

/** Current files whose counts are not the number of their rows. */
async function miscounted(): Promise<readonly object[]> {
  const { rows } = await database.query(
    `select file.file_id from ingested_file as file join ingested_key on current_file_id = file.file_id
     where file.loaded <> (select count(*) from department_employee as row where row.file_id = file.file_id)
        or file.refused <> (select count(*) from refused_row as row where row.file_id = file.file_id)`,
  );
  return rows;
}

async function rowsOfOutdatedFiles(): Promise<readonly object[]> {
  const { rows } = await database.query(
    `select file_id from department_employee
     where file_id not in (select current_file_id from ingested_key where current_file_id is not null)`,
  );
  return rows;
}

it('the totals equal the sums of their rows at every moment, whatever runs at the same time', async () => {
  const actors = fc.array(fc.array(step, { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(actors, async (stepsOfActors) => {
      const subject = await emptySalaryDatabase(database);
      await whileObserved(() =>
        Promise.all(
          stepsOfActors.map(async (steps) => {
            for (const each of steps) await act(subject, each);
          }),
        ),
      );
      expect(await miscounted()).toEqual([]);
      expect(await rowsOfOutdatedFiles()).toEqual([]);
    }),
    { numRuns: 30 },
  );
}, 600_000);
