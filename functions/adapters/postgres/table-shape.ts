/** Runs one statement, in a transaction or in one of its own. */
export type RunQuery = <Row extends object>(
  text: string,
  values: readonly unknown[],
) => Promise<{ readonly rows: readonly Row[] }>;

/** What the pipelines need of one table of the target database. */
export interface TableShape {
  readonly table: string;
  /** The type of each column that is written, as SQL. */
  readonly columns: Readonly<Record<string, string>>;
  /** Columns that are never null. Any other column must accept null. */
  readonly key: readonly string[];
  /** Columns that a pipeline always writes with a value, so that `not null` is right. Default: the key only. */
  readonly required?: 'all';
}

export interface FoundColumn {
  readonly name: string;
  /** In PostgreSQL's spelling, e.g. `character varying(100)`; of a domain its base type. */
  readonly type: string;
  readonly isNotNull: boolean;
  readonly isGenerated: boolean;
  readonly hasDefault: boolean;
}

export interface FoundTable {
  readonly table: string;
  /** `null`: there is no such table in schema public. */
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f' | null;
  readonly columns: readonly FoundColumn[];
  /** Whether ON CONFLICT can use the key: a unique index that is not deferrable. */
  readonly hasKey: boolean;
  readonly isPermitted: boolean;
  readonly hasRowSecurity: boolean;
  /** Another schema that has a table of this name. */
  readonly otherSchema: string | null;
  /** Triggers that are enabled, with their functions. */
  readonly triggers: readonly { readonly name: string; readonly procedure: string }[];
  readonly rules: readonly string[];
  readonly user: string;
}

const FIND_TABLES = `
  select wanted.name as "table", class.relkind as kind, current_user as "user",
    coalesce(has_table_privilege(class.oid, 'select') and has_table_privilege(class.oid, 'insert')
      and has_table_privilege(class.oid, 'update') and has_table_privilege(class.oid, 'delete'), false) as "isPermitted",
    coalesce(row_security_active(class.oid), false) as "hasRowSecurity",
    (select min(other.relnamespace::regnamespace::text) from pg_class as other
     where other.relname = wanted.name and other.relkind in ('r', 'p') and other.oid <> coalesce(class.oid, 0)
       and other.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)) as "otherSchema",
    coalesce((select json_agg(json_build_object(
        'name', attname, 'isNotNull', attnotnull, 'isGenerated', attgenerated <> '',
        'hasDefault', atthasdef or attidentity <> '',
        'type', case when typtype = 'd' then format_type(typbasetype, typtypmod) else format_type(atttypid, atttypmod) end)
      order by attnum)
      from pg_attribute join pg_type on pg_type.oid = atttypid
      where attrelid = class.oid and attnum > 0 and not attisdropped), '[]') as columns,
    exists (select from pg_index where indrelid = class.oid and indisunique and indimmediate and indisvalid
      and indpred is null and indexprs is null
      and (select array_agg(attname::text order by attname) from pg_attribute
           where attrelid = class.oid and attnum = any (indkey)) = string_to_array(wanted.key, ',')) as "hasKey",
    coalesce((select json_agg(json_build_object('name', tgname, 'procedure', tgfoid::regprocedure::text) order by tgname)
      from pg_trigger where tgrelid = class.oid and not tgisinternal and tgenabled <> 'D'), '[]') as triggers,
    coalesce((select json_agg(rulename) from pg_rewrite where ev_class = class.oid and rulename <> '_RETURN'), '[]') as rules
  from unnest($1::text[], $2::text[]) as wanted (name, key)
  left join pg_class as class on class.oid = to_regclass('public.' || quote_ident(wanted.name))`;

/** Reads from the catalogue what the target database has in place of some tables. */
export async function findTables(run: RunQuery, shapes: readonly TableShape[]): Promise<readonly FoundTable[]> {
  const { rows } = await run<FoundTable>(FIND_TABLES, [
    shapes.map(({ table }) => table),
    shapes.map(({ key }) => key.toSorted().join(',')),
  ]);
  return rows;
}

/** Whether a column of the found type can hold every value of the expected type. `undefined`: another kind of type. */
export function holdsType(expected: string, found: string): boolean | undefined {
  const wanted = parseType(expected);
  const present = parseType(found);
  if (wanted.kind === 'text') {
    return present.kind === 'text' ? present.size >= wanted.size : undefined;
  }
  if (present.kind === 'text') return present.size === Number.POSITIVE_INFINITY ? true : undefined;
  if (wanted.kind === 'integer') return present.kind === 'integer' ? present.size >= wanted.size : undefined;
  if (wanted.kind === 'date') return present.kind === 'date' ? true : undefined;
  return present.kind === wanted.kind ? true : undefined;
}

/** `size`: characters of a text, decimal digits of a number. */
function parseType(type: string): { readonly kind: string; readonly size: number } {
  const [, name = type, size] = /^([^(]+)(?:\((\d+)(?:,\d+)?\))?/.exec(type) ?? [];
  const [, precision, scale = '0'] = /\((\d+)(?:,(\d+))?\)/.exec(type) ?? [];
  switch (name.trim()) {
    case 'varchar':
    case 'character varying':
    case 'character':
      return { kind: 'text', size: size === undefined ? Number.POSITIVE_INFINITY : Number(size) };
    case 'text':
    case 'citext':
      return { kind: 'text', size: Number.POSITIVE_INFINITY };
    case 'smallint':
      return { kind: 'integer', size: 4 };
    case 'integer':
      return { kind: 'integer', size: 10 };
    case 'bigint':
    case 'double precision':
      return { kind: 'integer', size: 19 };
    case 'numeric':
      return {
        kind: 'integer',
        size: precision === undefined ? Number.POSITIVE_INFINITY : Number(precision) - Number(scale),
      };
    case 'date':
    case 'timestamp without time zone':
    case 'timestamp with time zone':
      return { kind: 'date', size: 0 };
    default:
      return { kind: name.trim(), size: 0 };
  }
}
