import type { KeyRange } from '../../core/verification.ts';
import type {
  ComparableTable,
  Division,
  EmployeeHashes,
  HashedChunk,
  HashMethod,
  HashSum,
} from '../../ports/employee-hashes.ts';
import type { Database } from './database.ts';
import { employeesTable, readEmployeesShape } from './employees-table.ts';

/** Columns with fixed types and a fixed collation, on which the text of a record depends. */
const ROW = `row(emp_id::integer, first_name::text collate "C", last_name::text collate "C", dob::date,
  city::text collate "C", salary::integer)`;

/**
 * A date as its number of days. An infinite one has none, so its text is hashed. Before version 18, PostgreSQL has no hash
 * function of its own for dates.
 */
const HASH_DOB = `case when isfinite(dob) then hashint4extended(dob - date '2000-01-01', 4)
  else hashtextextended(dob::text collate "C", 4) end`;

/**
 * `columns`: each column has a seed of its own, so that a value that moves to another column changes the hash. It costs two
 * thirds of `hash_record_extended`, which has to build a record first.
 *
 * `md5`: the text of a row quotes its values, so no two different rows have the same text.
 */
const HASH: Readonly<Record<HashMethod, string>> = {
  columns: [
    'hashint4extended(emp_id::integer, 1)',
    'hashtextextended(first_name::text collate "C", 2)',
    'hashtextextended(last_name::text collate "C", 3)',
    HASH_DOB,
    'hashtextextended(city::text collate "C", 5)',
    'hashint4extended(salary::integer, 6)',
  ]
    .map((hash) => `coalesce(${hash}, 0)`)
    .join(' # '),
  md5: `('x' || left(md5(${ROW}::text), 16))::bit(64)::bigint`,
};

/** Below every `integer`, and above. As `bigint`, for which the index of an `integer` serves too. */
const BELOW_ALL = -2_147_483_649;
const ABOVE_ALL = 2_147_483_648;

/** A table with more rows is not counted, because counting takes long. */
const MAX_COUNTED_ROWS = 50_000;

const ESTIMATE = (table: string) => `
  select coalesce((
    select case when sum(reltuples) >= ${MAX_COUNTED_ROWS} then sum(reltuples) end from pg_class
    where oid = 'employees'::regclass or relispartition and pg_partition_root(oid) = 'employees'::regclass
  ), (select count(*) from (select from ${table} limit 10 * ${MAX_COUNTED_ROWS}) as counted))::float8 as estimate`;

const SUM_NEXT = (table: string, method: HashMethod) => `
  select min(emp_id)::integer as first, max(emp_id)::integer as last, count(*)::float8 as count,
    coalesce(sum(hash), 0)::text as sum, pg_snapshot_xmax(pg_current_snapshot())::text::float8 as transactions
  from (
    select emp_id, ${HASH[method]} as hash from ${table} where emp_id > $1::bigint order by emp_id limit $2
  ) as chunk`;

const SUM_RANGE = (table: string, method: HashMethod) => `
  select count(*)::float8 as count, coalesce(sum(${HASH[method]}), 0)::text as sum
  from ${table} where emp_id > $1::bigint and emp_id <= $2::bigint`;

const SUM_PARTS = (table: string, method: HashMethod) => `
  select greatest(0, least($5 - 1, (emp_id - $3::bigint) / $4::bigint))::integer as part, count(*)::float8 as count,
    sum(${HASH[method]})::text as sum
  from ${table} where emp_id > $1::bigint and emp_id <= $2::bigint group by 1`;

const READ_HASHES = (table: string, method: HashMethod) => `
  select emp_id::integer as "empId", sum(${HASH[method]})::text as hash
  from ${table} where emp_id > $1::bigint and emp_id <= $2::bigint group by emp_id order by emp_id limit $3`;

export class PostgresEmployeeHashes implements EmployeeHashes {
  readonly #database: Database;
  #table: Promise<string> | undefined;

  /** @param database has sessions with `COMPARISON_SESSION`. */
  constructor(database: Database) {
    this.#database = database;
  }

  async inspect(): Promise<ComparableTable> {
    const { rows } = await this.#database.query<{ version: number }>(
      `select current_setting('server_version_num')::integer / 10000 as version`,
    );
    this.#table = undefined;
    return { majorVersion: rows[0]?.version ?? 0, shape: await readEmployeesShape(this.#database) };
  }

  async estimateRowCount(): Promise<number> {
    const { rows } = await this.#database.query<{ estimate: number }>(ESTIMATE(await this.#tableName()));
    return rows[0]?.estimate ?? 0;
  }

  async sumNext(after: number | null, maxRows: number, method: HashMethod): Promise<HashedChunk> {
    const text = SUM_NEXT(await this.#tableName(), method);
    const { rows } = await this.#database.query<HashedChunk & Record<string, unknown>>(
      text,
      [after ?? BELOW_ALL, maxRows],
      `sum-next-${method}`,
    );
    return rows[0] ?? { first: null, last: null, count: 0, sum: '0', transactions: 0 };
  }

  async sumRange(range: KeyRange, method: HashMethod): Promise<HashSum> {
    const text = SUM_RANGE(await this.#tableName(), method);
    const { rows } = await this.#database.query<HashSum & Record<string, unknown>>(
      text,
      boundsOf(range),
      `sum-range-${method}`,
    );
    return rows[0] ?? { count: 0, sum: '0' };
  }

  async sumParts(
    range: KeyRange,
    { first, width, count }: Division,
    method: HashMethod,
  ): Promise<ReadonlyMap<number, HashSum>> {
    const { rows } = await this.#database.query<HashSum & { part: number }>(
      SUM_PARTS(await this.#tableName(), method),
      [...boundsOf(range), first, width, count],
      `sum-parts-${method}`,
    );
    return new Map(rows.map(({ part, ...sum }) => [part, sum]));
  }

  async readHashes(range: KeyRange, maxRows: number, method: HashMethod): Promise<ReadonlyMap<number, string>> {
    const { rows } = await this.#database.query<{ empId: number; hash: string }>(
      READ_HASHES(await this.#tableName(), method),
      [...boundsOf(range), maxRows],
      `read-hashes-${method}`,
    );
    return new Map(rows.map(({ empId, hash }) => [empId, hash]));
  }

  #tableName(): Promise<string> {
    this.#table ??= employeesTable(this.#database).catch((error) => {
      this.#table = undefined;
      throw error;
    });
    return this.#table;
  }
}

function boundsOf({ after, until }: KeyRange): [number, number] {
  return [after ?? BELOW_ALL, until ?? ABOVE_ALL];
}
