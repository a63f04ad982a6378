import { createHash } from 'node:crypto';
import type { CaptureMarks, CaptureState } from '../../core/capture-state.ts';
import { sqlStateOf } from '../../core/classify-error.ts';
import { type CaptureFacts, findCaptureFaults } from './capture-faults.ts';
import type { Database } from './database.ts';
import { CAPTURE_FUNCTIONS, isVouchedFor } from './postgres-capture-installer.ts';

const CAPTURE_TRIGGER_FUNCTIONS = `('capture_statement_start', 'capture_employee_change', 'capture_employees_truncate')`;

/**
 * One row with everything that capture depends on. `xmin` of a catalog row changes with each alteration, also with one that
 * is undone, and survives a vacuum.
 *
 * @param gapReason an expression, because the table of the gaps may be missing.
 */
const inspection = (gapReason: string) => `
  with names as (
    select to_regclass('public.employees')::oid as employees, to_regclass('public.emp_cdc')::oid as changes,
      to_regclass('public.emp_cdc_cdc_id_seq')::oid as ids
  ), functions as (${CAPTURE_FUNCTIONS})
  select json_build_object(
    'table', (select json_build_object('oid', oid, 'kind', relkind, 'persistence', relpersistence,
      'file', relfilenode, 'hidesRows', row_security_active(oid)) from pg_class where oid = employees),
    'columns', (select json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod),
        'baseType', format_type(atttypid, null), 'isVirtual', attgenerated = 'v', 'number', attnum, 'version', xmin::text)
        order by attname)
      from pg_attribute where attrelid = employees and attnum > 0 and not attisdropped
        and attname in ('emp_id', 'first_name', 'last_name', 'dob', 'city', 'salary')),
    'triggers', (select json_agg(json_build_object('name', tgname, 'table', tgrelid::regclass::text, 'tableOid', tgrelid,
        'isOnEmployees', tgrelid = employees or coalesce(pg_partition_root(tgrelid) = employees, false),
        'isOnPartition', tgparentid <> 0, 'function', proname, 'type', tgtype, 'mode', tgenabled,
        'isConditional', tgqual is not null or tgattr <> '' or tgdeferrable, 'oid', pg_trigger.oid,
        'version', pg_trigger.xmin::text) order by tgrelid, tgname)
      from pg_trigger join pg_proc on pg_proc.oid = tgfoid
      where not (tgisinternal and tgparentid = 0) and pronamespace = 'public'::regnamespace
        and proname in ${CAPTURE_TRIGGER_FUNCTIONS}),
    'partitions', (select json_agg(json_build_array(oid, relfilenode) order by oid)
      from pg_class where relispartition and pg_partition_root(oid) = employees and relkind <> 'p'),
    'functions', (select json_agg(functions) from functions),
    'changes', (select json_build_object('oid', oid, 'kind', relkind, 'persistence', relpersistence,
        'hidesRows', row_security_active(oid),
        'refusals', array(
          select format('constraint %I', conname) from pg_constraint where conrelid = oid and contype in ('c', 'f', 'u', 'x')
          union all
          select format('trigger %I', tgname) from pg_trigger
          where tgrelid = pg_class.oid and not tgisinternal and tgenabled <> 'D' and (tgtype & 7 = 7 or tgdeferrable)
          union all
          select format('rule %I', rulename) from pg_rewrite where ev_class = oid and relkind <> 'v'
          union all
          select format('column %I, which is not null', attname) from pg_attribute
          where attrelid = oid and attnum > 0 and not attisdropped and attnotnull and not atthasdef and attidentity = ''
        ), 'guards', (select json_agg(json_build_object('type', tgtype, 'mode', tgenabled, 'version', pg_trigger.xmin::text)
            order by tgtype)
          from pg_trigger join pg_proc on pg_proc.oid = tgfoid
          where tgrelid = changes and pronamespace = 'public'::regnamespace and proname = 'note_deleted_changes'))
      from pg_class where oid = changes),
    'changeColumns', (select json_object_agg(attname, json_build_object('type', format_type(atttypid, atttypmod), 'number', attnum)
        order by attname)
      from pg_attribute where attrelid = changes and attnum > 0 and not attisdropped),
    'ids', (select json_build_object('oid', pg_class.oid, 'file', relfilenode, 'owner', pg_get_userbyid(relowner),
        'isNearEnd', coalesce(pg_sequence_last_value(pg_class.oid), 0) > seqmax - 1000000, 'increment', seqincrement)
      from pg_class join pg_sequence on seqrelid = pg_class.oid where pg_class.oid = ids),
    'mayInsert', (select bool_and(
        has_table_privilege(owner, changes, 'insert') and has_sequence_privilege(owner, ids, 'usage'))
      from functions where changes is not null and ids is not null),
    'gapReason', ${gapReason}
  ) as facts
  from names`;

const WITH_GAPS = inspection(`(select reason from cdc_gap
  where $1::text is null or not pg_visible_in_snapshot(txid, $1::pg_snapshot) order by gap_id desc limit 1)`);
const WITHOUT_GAPS = inspection(`case when $1::text is null then null end`);

/** @param since the snapshot at which the present epoch began; `null` to read the present state only. */
export async function inspectCapture(database: Database, since: string | null): Promise<CaptureState> {
  const facts = await readFacts(database, since);
  return {
    faults: findCaptureFaults(facts),
    marks: marksOf(facts),
    gapReason: since === null ? null : facts.gapReason,
  };
}

async function readFacts(database: Database, since: string | null): Promise<CaptureFacts> {
  const read = async (query: string) =>
    (await database.query<{ facts: CaptureFacts }>(query, [since])).rows[0]?.facts as CaptureFacts;
  try {
    return { ...(await read(WITH_GAPS)), hasGapTable: true };
  } catch (error) {
    if (sqlStateOf(error) !== UNDEFINED_TABLE) throw error;
    return { ...(await read(WITHOUT_GAPS)), hasGapTable: false };
  }
}

const UNDEFINED_TABLE = '42P01';

function marksOf(facts: CaptureFacts): CaptureMarks {
  const { table, columns, triggers, partitions, functions, changes, changeColumns, ids } = facts;
  return {
    table: shorten(table?.oid),
    columns: shorten((columns ?? []).map(({ name, number }) => [name, number])),
    types: shorten((columns ?? []).map(({ version }) => version)),
    file: shorten(table?.file),
    triggers: shorten([
      partitions,
      (triggers ?? [])
        .filter((trigger) => trigger.isOnEmployees && trigger.function !== 'capture_statement_start')
        .map(({ oid, version, mode }) => [oid, version, mode]),
    ]),
    functions: shorten(
      (functions ?? [])
        .filter((found) => !isVouchedFor(found) || found.comment?.split(' ')[2] !== found.version)
        .map(({ name, version }) => [name, version]),
    ),
    // Not the file of the table, which VACUUM FULL and CLUSTER replace without a loss: the guards note a truncate.
    changes: shorten([changes?.oid, changes?.guards, changeColumns, ids?.oid, ids?.file]),
  };
}

/** Long enough that a collision does not happen, and short enough to be saved with every position. */
function shorten(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value ?? null))
    .digest('hex')
    .slice(0, 12);
}
