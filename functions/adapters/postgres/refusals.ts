import { isInvalidValue } from '../../core/classify-error.ts';
import { describeDatabaseFault } from '../../core/database-fault.ts';
import { areRowsAtFault } from '../../core/refused-rows.ts';
import type { RunQuery, TableShape } from './table-shape.ts';
import { isColumnUnfit } from './target-schema-error.ts';

/** A row that the database refuses to write or to delete. */
export interface RefusedRow {
  readonly id: string;
  readonly error: unknown;
}

/** What a batch did with one table. */
export interface RefusingTable {
  readonly table: string;
  /** The table, and those that are written with it. */
  readonly shapes: readonly TableShape[];
  readonly operation: 'write' | 'delete';
  /** Rows of the batch that were written or deleted. */
  readonly acceptedInBatch: number;
  /** Whether a row that the table holds can be written again as it is, or another one than the refused ones be deleted. */
  readonly acceptsHeldRow: (refusedIds: readonly string[], error: unknown) => Promise<boolean>;
}

/** The rows that one rule refuses although nothing shows that it accepts any. */
export interface Suspicion {
  readonly table: string;
  readonly operation: 'write' | 'delete';
  readonly rule: string;
  readonly rowIds: readonly string[];
  readonly error: unknown;
}

/** A part of a select list: whether a rule of the table has refused rows since a row was last accepted. */
export const hasRefusals = (table: string) =>
  `exists (select from target_refusal where table_name = '${table}' and accepted_at is null) as "hasRefusals"`;

/**
 * Judges refused rows, each rule by itself, and records those that are at fault.
 *
 * @returns the rules that make the schema unfit. Pass them to `recordSuspicions` after the rollback.
 */
export async function judgeRefused(
  run: RunQuery,
  { table, shapes, operation, acceptedInBatch, acceptsHeldRow }: RefusingTable,
  refused: readonly RefusedRow[],
): Promise<readonly Suspicion[]> {
  const suspicions: Suspicion[] = [];
  for (const [rule, rows = []] of Map.groupBy(refused, ({ error }) => describeDatabaseFault(error))) {
    const rowIds = [...new Set(rows.map(({ id }) => id))];
    const error = rows[0]?.error;
    const suspicion = { table, operation, rule, rowIds, error };
    const { inARow, acceptedSince } = await readEarlier(run, suspicion);
    const isAtFault = await areRowsAtFault({
      refusedInBatch: rowIds.length,
      acceptedInBatch,
      refusedInARow: inARow,
      acceptedSince,
      isColumnUnfit: operation === 'write' && (await isColumnUnfit(run, shapes, error)),
      isValueInvalid: isInvalidValue(error),
      holdsAcceptedRows: async (count) => (await holdsRows(run, table, count)) && (await acceptsHeldRow(rowIds, error)),
    });
    if (isAtFault) await recordRefused(run, suspicion, acceptedInBatch > 0);
    else suspicions.push(suspicion);
  }
  return suspicions;
}

export async function recordSuspicions(run: RunQuery, suspicions: readonly Suspicion[]): Promise<void> {
  for (const suspicion of suspicions) await recordRefused(run, suspicion, false);
}

/**
 * Adds to the rows that the rule has refused. Those that it refused before a row was accepted do not count any longer. The
 * same rows again change nothing, so that a batch that is repeated is judged as before.
 */
async function recordRefused(run: RunQuery, refused: Suspicion, wereOthersAccepted: boolean): Promise<void> {
  const { table, operation, rule, rowIds } = refused;
  await run(
    `insert into target_refusal as stored (table_name, operation, rule, row_ids, accepted_at)
     values ($1, $2, $3, $4, case when $5 then clock_timestamp() end)
     on conflict (table_name, operation, rule) do update set
       row_ids = case when stored.accepted_at is null and excluded.accepted_at is null
         then array(select unnest(stored.row_ids) union select unnest(excluded.row_ids)) else excluded.row_ids end,
       accepted_at = excluded.accepted_at
     where not stored.row_ids @> excluded.row_ids or excluded.accepted_at is not null`,
    [table, operation, rule, rowIds, wereOthersAccepted],
  );
}

/** Records that rows were accepted, so that the rules which refused rows before are known to refuse some only. */
export async function recordAccepted(run: RunQuery, table: string, operations: readonly string[]): Promise<void> {
  await run(
    `update target_refusal set accepted_at = clock_timestamp()
     where table_name = $1 and operation = any ($2) and accepted_at is null`,
    [table, operations],
  );
}

async function readEarlier(
  run: RunQuery,
  { table, operation, rule, rowIds }: Suspicion,
): Promise<{ readonly inARow: number; readonly acceptedSince: boolean }> {
  const { rows } = await run<{ wasAccepted: boolean; knowsAll: boolean; count: number }>(
    `select accepted_at is not null as "wasAccepted", row_ids @> $4 as "knowsAll",
       (select count(*)::integer from (select unnest(row_ids) union select unnest($4::text[])) as ids) as count
     from target_refusal where table_name = $1 and operation = $2 and rule = $3`,
    [table, operation, rule, rowIds],
  );
  const [earlier] = rows;
  return {
    inARow: earlier === undefined || earlier.wasAccepted ? rowIds.length : earlier.count,
    acceptedSince: earlier?.wasAccepted === true && earlier.knowsAll,
  };
}

async function holdsRows(run: RunQuery, table: string, count: number): Promise<boolean> {
  const { rows } = await run<{ holds: boolean }>(
    `select count(*) = $1 as holds from (select from ${table} limit $1) as held`,
    [count],
  );
  return rows[0]?.holds === true;
}
