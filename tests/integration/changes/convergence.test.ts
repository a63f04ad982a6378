import fc from 'fast-check';
import type { PoolClient } from 'pg';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';

const SEED = Number(process.env['FC_SEED'] ?? Date.now() % 2_147_483_647);
/** Set `CDC_HISTORIES` for more. */
const HISTORIES = Number(process.env['CDC_HISTORIES'] ?? 30);

// The database detects a deadlock of two writers only after a second.
jest.setTimeout(60_000 + HISTORIES * 10_000);

type Action = (client: PoolClient) => Promise<unknown>;

const empId = fc.integer({ min: 1, max: 12 });
const text = fc.option(
  fc.string({ unit: 'grapheme', maxLength: 30 }).map((value) => value.replaceAll('\0', '')),
  {
    freq: 4,
  },
);
const salary = fc.option(fc.integer({ min: -2_147_483_648, max: 2_147_483_647 }), { freq: 4 });

/** No statement fails because of what the others did before: an insert of an existing key becomes an update. */
const statement: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(empId, text, salary).map<Action>(
      (values) => (client) =>
        client.query(
          `insert into employees (emp_id, first_name, salary) values ($1, $2, $3)
           on conflict (emp_id) do update set first_name = excluded.first_name, salary = excluded.salary`,
          values,
        ),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(empId, text)
      .map<Action>((values) => (client) => client.query('update employees set city = $2 where emp_id >= $1', values)),
  },
  {
    weight: 3,
    arbitrary: empId.map<Action>((id) => (client) => client.query('delete from employees where emp_id = $1', [id])),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(empId, empId).map<Action>(
      ([from, to]) =>
        (client) =>
          client.query(
            `update employees set emp_id = $2
           where emp_id = $1 and not exists (select from employees where emp_id = $2)`,
            [from, to],
          ),
    ),
  },
  {
    weight: 2,
    arbitrary: empId.map<Action>((id) => async (client) => {
      await client.query('savepoint within');
      await client.query('delete from employees where emp_id <= $1', [id]);
      await client.query('rollback to savepoint within');
    }),
  },
  { weight: 1, arbitrary: fc.constant<Action>((client) => client.query('truncate employees')) },
  { weight: 1, arbitrary: fc.constant<Action>((client) => client.query('select pg_sleep(0.03)')) },
);
const transaction = fc.record({
  statements: fc.array(statement, { minLength: 1, maxLength: 5 }),
  commits: fc.integer({ min: 0, max: 4 }).map((number) => number > 0),
});
const history = fc.array(fc.array(transaction, { maxLength: 6 }), { minLength: 2, maxLength: 4 });

let pipeline: CdcPipeline;
beforeAll(async () => {
  pipeline = await CdcPipeline.create();
  await pipeline.startApplier();
  await pipeline.startPoller();
});
afterAll(() => pipeline.close());

/** Deadlock, serialization failure and duplicate key: a race with other writers ends the transaction, as in any program. */
const RACE_SQLSTATES = new Set(['40P01', '40001', '23505']);

async function write(transactions: readonly { statements: readonly Action[]; commits: boolean }[]): Promise<void> {
  const client = await pipeline.source.connect();
  try {
    for (const { statements, commits } of transactions) {
      await client.query('begin');
      try {
        for (const run of statements) await run(client);
        await client.query(commits ? 'commit' : 'rollback');
      } catch (error) {
        await client.query('rollback');
        if (!RACE_SQLSTATES.has(String((error as { code?: string }).code))) throw error;
      }
    }
  } finally {
    client.release();
  }
}

test(`the target equals the source after concurrent writers (FC_SEED=${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(history, async (writers) => {
      await Promise.all(writers.map(write));
      await pipeline.untilConverged();
    }),
    { numRuns: HISTORIES, seed: SEED, endOnFailure: true },
  );
  expect(await pipeline.deadLetters()).toEqual([]);
});
