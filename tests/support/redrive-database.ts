import type { Database } from '../../functions/adapters/postgres/database.ts';
import { PostgresRedriveLedger } from '../../functions/adapters/postgres/postgres-redrive-ledger.ts';
import { PostgresRedriveOutcomes } from '../../functions/adapters/postgres/postgres-redrive-outcomes.ts';
import {
  BUCKET_OF_FILES,
  type EntryState,
  type RedriveEntry,
  type RedriveLedgerUnderTest,
} from '../contract/redrive-ledger-subject.ts';
import { actAs } from './database-user.ts';

/** The ports on one PostgreSQL database after it was cleared. Use it in one test at a time. */
export async function emptyRedriveDatabase(database: Database): Promise<RedriveLedgerUnderTest> {
  await database.query(
    'truncate dead_letter, redrive, dead_letter_count, ingested_key, ingested_file, refused_row, department_employee',
  );
  return {
    ledger: new PostgresRedriveLedger(actAs(database, 'redrive')),
    outcomes: new PostgresRedriveOutcomes(actAs(database, 'redrive')),
    add: async (...entries) => {
      for (const entry of entries) await insert(database, entry);
    },
    comeBack: async (dlqId) => {
      await database.query(`update dead_letter set state = 'open', attempts = attempts + 1 where dlq_id = $1`, [dlqId]);
    },
    entry: async (dlqId) => {
      const { rows } = await database.query<EntryState & Record<string, unknown>>(
        'select state, attempts, code from dead_letter where dlq_id = $1',
        [dlqId],
      );
      return rows[0];
    },
    setFile: async (key, version, { state, rejected = 0, filteredOut = 0 }) => {
      await database.query('insert into ingested_key (bucket, key) values ($1, $2) on conflict do nothing', [
        BUCKET_OF_FILES,
        key,
      ]);
      const { rows } = await database.query<{ file_id: string }>(
        `insert into ingested_file (bucket, key, version, sequencer, etag, size_bytes, state, rejected, filtered_out, read,
           end_recorded)
         values ($1, $2, $3, $3, 'e', 1, $4, $5::integer, $6::integer, $5::integer + $6::integer, $4 = 'complete')
         on conflict (bucket, key, version) do update set state = $4 returning file_id`,
        [BUCKET_OF_FILES, key, version, state, rejected, filteredOut],
      );
      if (state !== 'complete') return;
      await database.query('update ingested_key set current_file_id = $3 where bucket = $1 and key = $2', [
        ...[BUCKET_OF_FILES, key, rows[0]?.file_id],
      ]);
    },
    loadRow: async (key, version, row) => {
      await database.query(
        `insert into department_employee
         select 'd', '', '', '2020-01-01', 1, file_id, $3 from ingested_file where key = $1 and version = $2`,
        [key, version, row],
      );
    },
    counts: async (key, version) => {
      const { rows } = await database.query<{ rejected: number; filteredOut: number }>(
        'select rejected, filtered_out as "filteredOut" from ingested_file where key = $1 and version = $2',
        [key, version],
      );
      return rows[0] ?? { rejected: 0, filteredOut: 0 };
    },
    age: async (byMs) => {
      await database.query('update redrive set heartbeat_at = heartbeat_at - make_interval(secs => $1)', [
        byMs / 1_000,
      ]);
    },
  };
}

async function insert(database: Database, entry: RedriveEntry): Promise<void> {
  const { dlqId, topic, partition, offset, code, key, attempts, state, file } = entry;
  const origin =
    file === undefined
      ? { topic: topic.replace('.dead-letter', ''), partition, offset: String(offset) }
      : { bucket: BUCKET_OF_FILES, ...file };
  const bucket = file && BUCKET_OF_FILES;
  await database.query(
    `insert into dead_letter (dlq_id, topic, kafka_partition, kafka_offset, code, reason, record_key, origin, file_bucket,
       file_key, file_version, file_row, payload_bytes, cut, first_at, last_at, attempts, state)
     values ($1, $2, $3, $4, $5, 'why', $6, $7, $8, $9, $10, $11, 10, false, now(), now(), $12, $13)`,
    [
      dlqId,
      topic,
      partition,
      offset,
      code,
      key,
      JSON.stringify(origin),
      bucket,
      file?.key,
      file?.version,
      file?.row,
    ].concat([attempts, state] as never),
  );
}
