import type { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresDeadLetterRetention } from '../../../../functions/adapters/postgres/postgres-dead-letter-retention.ts';
import { redriveEntry } from '../../../contract/redrive-ledger-subject.ts';
import { emptyRedriveDatabase } from '../../../support/redrive-database.ts';
import { createSalaryDatabase } from '../../../support/salary-database.ts';
import { actAs } from '../../../support/database-user.ts';

let database: Database;
beforeAll(async () => {
  ({ database } = await createSalaryDatabase());
});
afterAll(() => database.close());

describe('PostgresDeadLetterRetention', () => {
  const states = ['open', 'claimed', 'redriven', 'parked', 'resolved', 'obsolete', 'discarded'] as const;
  const countsOf = async () =>
    (
      await database.query<{ state: string; count: string }>(
        'select state, sum(count) as count from dead_letter_count group by state having sum(count) > 0 order by state',
      )
    ).rows.map(({ state, count }) => `${state} ${count}`);

  it('deletes what is decided and old in bounded steps, keeps the rest and the counts exact', async () => {
    const { add } = await emptyRedriveDatabase(database);
    const retention = new PostgresDeadLetterRetention(actAs(database, 'redrive'));
    await database.query(
      `insert into redrive (state, filter, finished_at) values ('complete', '{}', now() - interval '50 days'),
         ('complete', '{}', now() - interval '50 days'), ('complete', '{}', now() - interval '50 days'),
         ('complete', '{}', now()), ('settling', '{}', null)`,
    );
    await add(...[...states, ...states].map((state, number) => redriveEntry(number, { state })));
    await database.query(
      `update dead_letter set last_at = now() - interval '50 days', state_at = now() - interval '50 days'
       where kafka_offset < 7`,
    );
    await database.query(
      `update dead_letter set redrive_id = (select min(redrive_id) from redrive) where dlq_id = 't/0/0'`,
    );
    expect(await retention.deleteOlderThan(45)).toEqual({ deadLetters: 3, redrives: 1, isComplete: false });
    expect(await retention.deleteOlderThan(45)).toEqual({ deadLetters: 0, redrives: 1, isComplete: false });
    expect(await retention.deleteOlderThan(45)).toEqual({ deadLetters: 0, redrives: 0, isComplete: true });
    expect(await countsOf()).toEqual([
      ...['claimed 2', 'discarded 1', 'obsolete 1', 'open 2', 'parked 2', 'redriven 2', 'resolved 1'],
    ]);
    expect((await database.query('select from redrive')).rowCount).toBe(3);
  });

  it('deletes a large backlog over several calls', async () => {
    await emptyRedriveDatabase(database);
    await database.query(
      `insert into redrive (state, filter, finished_at) values ('complete', '{}', now() - interval '50 days')`,
    );
    await database.query(
      `insert into dead_letter (dlq_id, topic, kafka_partition, kafka_offset, code, reason, origin, cut, first_at, last_at,
         attempts, state, state_at)
       select 't/0/' || n, 't', 0, n, 'PIPE_A', 'why', '{}', false, long_ago, long_ago, 1, 'resolved', long_ago
       from generate_series(1, 6000) as n, (select now() - interval '50 days' as long_ago) as times`,
    );
    const retention = new PostgresDeadLetterRetention(actAs(database, 'redrive'));
    expect(await retention.deleteOlderThan(45)).toEqual({ deadLetters: 5_000, redrives: 0, isComplete: false });
    expect(await countsOf()).toEqual(['resolved 1000']);
    expect(await retention.deleteOlderThan(45)).toMatchObject({ deadLetters: 1_000, redrives: 1 });
    expect(await countsOf()).toEqual([]);
  });
});
