import type { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresDeadLetterLedger } from '../../../../functions/adapters/postgres/postgres-dead-letter-ledger.ts';
import { PENDING_STATES } from '../../../../functions/core/dead-letter-entry.ts';
import type { FileVersion } from '../../../../functions/core/salary-record.ts';
import { changeEntry, describeDeadLetterLedger } from '../../../contract/dead-letter-ledger.ts';
import { arrivalOf, begin } from '../../../contract/salary-database.ts';
import { createSalaryDatabase, emptySalaryDatabase } from '../../../support/salary-database.ts';
import { actAs } from '../../../support/database-user.ts';

let database: Database;
beforeAll(async () => {
  ({ database } = await createSalaryDatabase());
});
beforeEach(() => database.query('truncate dead_letter'));
afterAll(() => database.close());

describeDeadLetterLedger('PostgresDeadLetterLedger', async () => ({
  ledger: new PostgresDeadLetterLedger(actAs(database, 'index-dead-letters')),
  setState: async (id, state) => {
    await database.query('update dead_letter set state = $2 where dlq_id = $1', [id, state]);
  },
}));

describe('the dead letters of a file', () => {
  const rowOf = ({ bucket, key, version }: FileVersion, row: number) =>
    changeEntry(row, 0, { id: `${bucket}/${key}@${version}#${row}`, file: { bucket, key, version, row } });
  const states = async () =>
    (
      await database.query('select file_version as v, file_row as r, state as s from dead_letter order by 1, 2')
    ).rows.map(({ v, r, s }) => `${v}#${r} ${s}`);

  it('become obsolete when another version takes over, also those that are indexed later, claimed ones not', async () => {
    const subject = await emptySalaryDatabase(database);
    const ledger = new PostgresDeadLetterLedger(actAs(database, 'index-dead-letters'));
    const [first, second, other] = [arrivalOf('a.csv', '1'), arrivalOf('a.csv', '2'), arrivalOf('b.csv', '1')];
    await begin(subject, first);
    await begin(subject, other);
    await ledger.index([rowOf(first, 1), rowOf(first, 2), { ...rowOf(other, 9), id: 'other' }]);
    await database.query(`update dead_letter set state = 'claimed' where file_row = 2`);

    await begin(subject, second);
    await ledger.index([rowOf(first, 3), rowOf(second, 1)]);

    expect(await states()).toEqual(['1#1 obsolete', '1#2 claimed', '1#3 obsolete', '1#9 open', '2#1 open']);
  });

  it('of a rejected version become obsolete when a usable one takes over', async () => {
    const subject = await emptySalaryDatabase(database);
    const ledger = new PostgresDeadLetterLedger(actAs(database, 'index-dead-letters'));
    const [rejected, usable] = [arrivalOf('a.csv', '1'), arrivalOf('a.csv', '2')];
    await subject.ledger.register(rejected, async () => true);
    await subject.ledger.reject(rejected);
    await ledger.index([rowOf(rejected, 1)]);
    expect(await states()).toEqual(['1#1 open']);

    await begin(subject, usable);
    await ledger.index([rowOf(rejected, 2)]);

    expect(await states()).toEqual(['1#1 obsolete', '1#2 obsolete']);
  });

  it('of a rejected version stay open when an older one takes over late', async () => {
    const subject = await emptySalaryDatabase(database);
    const ledger = new PostgresDeadLetterLedger(actAs(database, 'index-dead-letters'));
    const [older, rejected] = [arrivalOf('a.csv', '1'), arrivalOf('a.csv', '2')];
    await subject.ledger.register(rejected, async () => true);
    await subject.ledger.reject(rejected);
    await ledger.index([rowOf(rejected, 1)]);

    await begin(subject, older);
    await ledger.index([rowOf(rejected, 2)]);

    const { rows } = await database.query(
      'select version from ingested_file join ingested_key on current_file_id = file_id',
    );
    expect(rows).toEqual([{ version: '1' }]);
    expect(await states()).toEqual(['2#1 open', '2#2 open']);
  });
});

describe('the table of dead letters', () => {
  const fill = (count: number) =>
    database.query(
      `insert into dead_letter (dlq_id, topic, kafka_partition, kafka_offset, code, reason, record_key, origin, file_key,
         cut, first_at, last_at, attempts, state)
       select 'employee-changes/0/' || i, 'employee-changes.dead-letter', i % 6, i, 'CODE_' || i % 4, 'reason',
         (i % 20000)::text, '{"topic": "employee-changes", "partition": 0, "offset": "1"}', 'file-' || i % 300 || '.csv',
         false, at, at, 1, case when i % 10 = 0 then 'open' else 'resolved' end
       from generate_series(1, $1::integer) as i, lateral (select now() - i * interval '1 second') as times (at)`,
      [count],
    );

  it('counts by triggers what it has', async () => {
    await fill(100);
    await database.query(`update dead_letter set state = 'claimed' where kafka_partition = 0`);
    await database.query('delete from dead_letter where kafka_partition = 1');
    const { rows } = await database.query(
      `(select topic, code, state, count from dead_letter_count where count <> 0)
       except (select topic, code, state, count(*) from dead_letter group by 1, 2, 3)`,
    );
    expect(rows).toEqual([]);
    const total = await database.query('select sum(count)::integer as total from dead_letter_count');
    expect(total.rows).toEqual([{ total: (await database.query('select from dead_letter')).rowCount }]);
  });

  it.each([
    ['all', {}],
    ['a code', { codes: ['CODE_2'] }],
    ['a key', { key: '77' }],
    ['a file', { file: 'file-30.csv' }],
    ['a time', { since: new Date(Date.now() - 30_000_000), until: new Date(Date.now() - 20_000_000) }],
    ['a state', { states: ['open' as const] }],
    ['a code and its pending states', { codes: ['CODE_0'], states: PENDING_STATES }],
  ])('has an index for a list by %s, so that it reads few of many rows', async (_, filter) => {
    await fill(20_000);
    await database.query('analyze dead_letter');
    const reads = async () => {
      const { rows } = await database.query<{ reads: number }>(
        `select pg_stat_clear_snapshot(), pg_stat_force_next_flush(),
           (seq_tup_read + idx_tup_fetch)::integer as reads from pg_stat_user_tables where relname = 'dead_letter'`,
      );
      return rows[0]?.reads ?? 0;
    };
    await reads();
    const before = await reads();
    await new PostgresDeadLetterLedger(actAs(database, 'index-dead-letters')).list(filter, 51);
    await reads();
    expect((await reads()) - before).toBeLessThan(1_500);
  });
});
