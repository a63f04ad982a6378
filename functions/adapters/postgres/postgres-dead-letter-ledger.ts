import { type DeadLetterEntry, type DeadLetterState, stateOfFailure } from '../../core/dead-letter-entry.ts';
import type {
  DeadLetterCount,
  DeadLetterFilter,
  DeadLetterLedger,
  LedgerEntry,
} from '../../ports/dead-letter-ledger.ts';
import type { Database } from './database.ts';
import { isNewerFile } from './is-newer-file.ts';
import { DeadLetterQuery } from './dead-letter-query.ts';

const COLUMNS = {
  dlq_id: 'text',
  topic: 'text',
  kafka_partition: 'integer',
  kafka_offset: 'bigint',
  code: 'text',
  rule: 'text',
  reason: 'text',
  record_key: 'text',
  origin: 'jsonb',
  file_bucket: 'text',
  file_key: 'text',
  file_version: 'text',
  file_row: 'integer',
  payload_bytes: 'integer',
  payload_sha256: 'bytea',
  cut: 'boolean',
  first_at: 'timestamptz',
  last_at: 'timestamptz',
  attempts: 'integer',
  state: 'text',
};
const NAMES = Object.keys(COLUMNS).join(', ');
const TYPED = Object.entries(COLUMNS).map((column) => column.join(' '));
const REPLACED = Object.keys(COLUMNS).filter((name) => !['dlq_id', 'first_at', 'state'].includes(name));

const SAME_FAILURE = 'known.payload_sha256 is not distinct from excluded.payload_sha256';
const SAME_ATTEMPT = `${SAME_FAILURE} and known.attempts = excluded.attempts`;

/** Whether a newer version of the file has replaced the one of the entry before the entry is indexed. */
const IS_REPLACED = `
  exists (
    select from ingested_file as file join ingested_key as of_key using (bucket, key)
    left join ingested_file as current on current.file_id = of_key.current_file_id
    where file.bucket = file_bucket and file.key = file_key and file.version = file_version
      and (file.state = 'superseded' or file.state = 'rejected' and ${isNewerFile('current', 'file')}))`;

/** Sorted, so that batches that share failures lock them in the same order. */
const UPSERT = `
  insert into dead_letter as known (${NAMES})
  select ${NAMES.replace(/state$/, `case when file_key is not null and ${IS_REPLACED} then 'obsolete' else state end`)}
  from json_to_recordset($1::json) as entry (${TYPED.join(', ')}) order by dlq_id
  on conflict (dlq_id) do update set
    ${REPLACED.map((name) => `${name} = excluded.${name}`).join(', ')},
    first_at = case when ${SAME_FAILURE} then least(known.first_at, excluded.first_at) else excluded.first_at end,
    state = case when ${SAME_ATTEMPT} then known.state else excluded.state end,
    state_at = case when ${SAME_ATTEMPT} then known.state_at else clock_timestamp() end
  where case when ${SAME_FAILURE}
    then (excluded.attempts, excluded.last_at, excluded.kafka_partition, excluded.kafka_offset)
       > (known.attempts, known.last_at, known.kafka_partition, known.kafka_offset)
    else excluded.last_at > known.last_at end
  returning xmax = 0 as added`;

/** Some 1 ms for 51 of 100,000 rows, because each order of the list has an index. */
export class PostgresDeadLetterLedger implements DeadLetterLedger {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async index(entries: readonly DeadLetterEntry[]): Promise<{ added: number; updated: number }> {
    if (entries.length === 0) return { added: 0, updated: 0 };
    const rows = JSON.stringify(latestOfEach(entries).map(toRow));
    const { rows: changed } = await this.#database.query<{ added: boolean }>(UPSERT, [rows], 'index-dead-letters');
    const added = changed.filter((row) => row.added).length;
    return { added, updated: changed.length - added };
  }

  async list(filter: DeadLetterFilter, limit: number): Promise<readonly LedgerEntry[]> {
    const query = new DeadLetterQuery(filter);
    const end = `order by last_at desc, dlq_id limit ${Math.trunc(limit)}`;
    const branches = query.branches.map((where) => `(select * from dead_letter ${where} ${end})`);
    const { rows } = await this.#database.query<StoredRow>(
      `select * from (${branches.join(' union all ')}) as found ${end}`,
      query.values,
    );
    return rows.map(fromRow);
  }

  async count(filter: DeadLetterFilter): Promise<readonly DeadLetterCount[]> {
    const { key, file, since, until } = filter;
    const isCounted = key === undefined && file === undefined && since === undefined && until === undefined;
    const query = new DeadLetterQuery(filter);
    const counted = isCounted
      ? `select topic, code, state, count from dead_letter_count ${query.where}`
      : query.branches
          .map((where) => `select topic, code, state, 1 as count from dead_letter ${where}`)
          .join(' union all ');
    const { rows } = await this.#database.query<{ topic: string; code: string; state: DeadLetterState; count: string }>(
      `select topic, code, state, sum(count) as count from (${counted}) as counted
       group by topic, code, state having sum(count) > 0 order by topic, code, state`,
      query.values,
    );
    return rows.map((row) => ({ ...row, count: Number(row.count) }));
  }

  async find(id: string): Promise<LedgerEntry | null> {
    const { rows } = await this.#database.query<StoredRow>('select * from dead_letter where dlq_id = $1', [id]);
    return rows[0] ? fromRow(rows[0]) : null;
  }

  async discard(id: string): Promise<DeadLetterState | null> {
    await this.#database.query(
      `update dead_letter set state = 'discarded', state_at = clock_timestamp()
       where dlq_id = $1 and state in ('open', 'parked')`,
      [id],
    );
    return (await this.find(id))?.state ?? null;
  }
}

/** One statement cannot write a row twice. */
function latestOfEach(entries: readonly DeadLetterEntry[]): DeadLetterEntry[] {
  const latest = new Map<string, DeadLetterEntry>();
  for (const entry of entries) {
    const known = latest.get(entry.id);
    if (known === undefined || isLater(entry, known)) latest.set(entry.id, entry);
  }
  return [...latest.values()];
}

/** The rule of the statement. */
function isLater(entry: DeadLetterEntry, known: DeadLetterEntry): boolean {
  const later = entry.lastAt.getTime() - known.lastAt.getTime();
  if (entry.sha256 !== known.sha256) return later > 0;
  const order = entry.attempts - known.attempts || later || entry.partition - known.partition;
  return order === 0 ? BigInt(entry.offset) > BigInt(known.offset) : order > 0;
}

function toRow(entry: DeadLetterEntry): Record<keyof typeof COLUMNS, unknown> {
  const { file } = entry;
  return {
    ...{ dlq_id: entry.id, topic: entry.topic, kafka_partition: entry.partition, kafka_offset: entry.offset },
    ...{ code: entry.code, rule: entry.rule, reason: entry.reason, record_key: entry.recordKey, origin: entry.origin },
    ...{ file_bucket: file?.bucket, file_key: file?.key, file_version: file?.version, file_row: file?.row },
    payload_bytes: entry.payloadBytes,
    payload_sha256: entry.sha256 && `\\x${entry.sha256}`,
    ...{ cut: entry.cut, first_at: entry.firstAt, last_at: entry.lastAt },
    ...{ attempts: entry.attempts, state: stateOfFailure(entry.attempts) },
  };
}

interface StoredRow {
  readonly dlq_id: string;
  readonly topic: string;
  readonly kafka_partition: number;
  readonly kafka_offset: string;
  readonly code: string;
  readonly rule: string | null;
  readonly reason: string;
  readonly record_key: string | null;
  readonly origin: LedgerEntry['origin'];
  readonly file_bucket: string | null;
  readonly file_key: string | null;
  readonly file_version: string | null;
  readonly file_row: number | null;
  readonly payload_bytes: number | null;
  readonly payload_sha256: Buffer | null;
  readonly cut: boolean;
  readonly first_at: Date;
  readonly last_at: Date;
  readonly attempts: number;
  readonly state: DeadLetterState;
  readonly state_at: Date;
  readonly redrive_id: string | null;
  readonly published_topic: string | null;
  readonly published_partition: number | null;
  readonly published_offset: string | null;
}

function fromRow(row: StoredRow): LedgerEntry {
  const { file_bucket: bucket, file_key: key, file_version: version, file_row: fileRow } = row;
  const { published_topic: topic, published_partition: partition, published_offset: offset } = row;
  return {
    ...{ id: row.dlq_id, topic: row.topic, partition: row.kafka_partition, offset: row.kafka_offset },
    ...{ code: row.code, rule: row.rule, reason: row.reason, recordKey: row.record_key, origin: row.origin },
    file: bucket !== null && key !== null && version !== null ? { bucket, key, version, row: fileRow } : null,
    payloadBytes: row.payload_bytes,
    sha256: row.payload_sha256?.toString('hex') ?? null,
    ...{ cut: row.cut, firstAt: row.first_at, lastAt: row.last_at, attempts: row.attempts },
    ...{ state: row.state, stateAt: row.state_at, redriveId: row.redrive_id },
    published: topic !== null && partition !== null && offset !== null ? { topic, partition, offset } : null,
  };
}
