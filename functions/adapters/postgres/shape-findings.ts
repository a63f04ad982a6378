import { quoteIdentifier } from './quote-identifier.ts';
import { type FoundColumn, type FoundTable, holdsType, type TableShape } from './table-shape.ts';

/** One difference between a table and what the pipelines need, and the statement or, of a privilege, the command that corrects it. */
export interface ShapeFinding {
  readonly kind:
    | 'table'
    | 'kind'
    | 'column'
    | 'narrow'
    | 'type'
    | 'notNull'
    | 'required'
    | 'generated'
    | 'key'
    | 'privilege';
  readonly table: string;
  readonly column?: string;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
}

/** Compares a table of the target database with what the pipelines need. */
export function compareShape(shape: TableShape, found: FoundTable): readonly ShapeFinding[] {
  const { table } = shape;
  const { kind } = found;
  if (kind === null) return [missingTable(table, found.otherSchema)];
  const byName = new Map(found.columns.map((column) => [column.name, column]));
  const unknown = found.columns.filter(({ name }) => !(name in shape.columns));
  return [
    ...Object.entries(shape.columns).flatMap(([name, type]) => {
      const column = byName.get(name);
      return column === undefined ? [missingColumn(table, name, type, unknown)] : compareColumn(shape, column, type);
    }),
    ...unknown.filter(isRequired).map(({ name }) => ({
      ...{ kind: 'required' as const, table, column: name },
      expected: `no further column of table ${table} that needs a value`,
      found: `column ${name}, not null and without a default`,
      remedy: `alter table ${table} alter column ${quoteIdentifier(name)} drop not null`,
    })),
    ...(found.hasKey
      ? []
      : [
          {
            ...{ kind: 'key' as const, table },
            expected: `a unique key (${shape.key.join(', ')}) of table ${table} that is not deferrable`,
            found: 'none',
            remedy: `alter table ${table} add unique (${shape.key.join(', ')})`,
          },
        ]),
    ...(kind === 'r' || kind === 'p'
      ? []
      : [
          {
            ...{ kind: 'kind' as const, table },
            expected: `a table ${table}`,
            found: kind === 'f' ? 'a foreign table' : 'a view',
            remedy: `give the name ${table} to the table itself with alter table ... rename to ${table}`,
          },
        ]),
    ...(found.isPermitted
      ? []
      : [
          {
            ...{ kind: 'privilege' as const, table },
            expected: `user ${found.user} to have the privileges on table ${table}`,
            found: 'some of them missing',
            remedy: 'npm run provision, or grant the user what it needs there',
          },
        ]),
  ];
}

function compareColumn({ table, key, required }: TableShape, found: FoundColumn, type: string): ShapeFinding[] {
  const column = found.name;
  const place = { table, column, expected: `column ${column} of table ${table} to be ${type}` };
  if (found.isGenerated) {
    const remedy = `alter table ${table} alter column ${column} drop expression`;
    return [{ ...place, kind: 'generated', found: 'a generated column', remedy }];
  }
  const findings: ShapeFinding[] = [];
  const holds = holdsType(type, found.type);
  if (holds !== true) {
    const alter = `alter table ${table} alter column ${column} type ${type}`;
    findings.push({
      ...place,
      kind: holds === false ? 'narrow' : 'type',
      found: found.type,
      remedy: holds === false ? alter : `${alter} using ${column}::text::${type}`,
    });
  }
  if (found.isNotNull && required !== 'all' && !key.includes(column)) {
    const remedy = `alter table ${table} alter column ${column} drop not null`;
    const expected = `column ${column} of table ${table} to accept null`;
    findings.push({ ...place, kind: 'notNull', expected, found: 'not null', remedy });
  }
  return findings;
}

function isRequired({ isNotNull, hasDefault, isGenerated }: FoundColumn): boolean {
  return isNotNull && !hasDefault && !isGenerated;
}

function missingTable(table: string, otherSchema: string | null): ShapeFinding {
  return {
    ...{ kind: 'table', table, expected: `table ${table} in schema public of the target database` },
    found: otherSchema === null ? 'none' : `one in schema ${otherSchema}`,
    remedy:
      otherSchema === null
        ? `alter table NEW_NAME rename to ${table}, if it was renamed; otherwise restore it from a backup, or create it ` +
          'as sql/target does and then run npm run resnapshot'
        : `alter table ${otherSchema}.${table} set schema public`,
  };
}

/** A single unknown column is probably the missing one under another name. */
function missingColumn(table: string, column: string, type: string, unknown: readonly FoundColumn[]): ShapeFinding {
  const [renamed, ...others] = unknown;
  return {
    ...{ kind: 'column', table, column, expected: `column ${column} of table ${table}` },
    found: renamed === undefined ? 'none' : `none, but ${unknown.map(({ name }) => name).join(', ')}`,
    remedy:
      renamed !== undefined && others.length === 0
        ? `alter table ${table} rename column ${quoteIdentifier(renamed.name)} to ${column}`
        : `alter table ${table} add column ${column} ${type}`,
  };
}
