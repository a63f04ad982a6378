import { databaseFaultOf, describeDatabaseFault } from '../../core/database-fault.ts';
import { PipelineError, SchemaError } from '../../core/errors.ts';
import { quoteIdentifier } from './quote-identifier.ts';
import { compareShape, type ShapeFinding } from './shape-findings.ts';
import { type FoundTable, findTables, type RunQuery, type TableShape } from './table-shape.ts';

/** Too many findings hide the first one. */
const MAX_FINDINGS = 3;

/**
 * Describes what of the target's schema an error is about, and the statement that corrects it. The error is not the cause of
 * the result, because the log shows causes, and its message may quote a value.
 */
export async function targetSchemaError(
  run: RunQuery,
  shapes: readonly TableShape[],
  error: unknown,
): Promise<SchemaError> {
  if (error instanceof SchemaError) return error;
  const tables = await findTables(run, shapes);
  const findings = findingsAbout(error, shapes, tables).slice(0, MAX_FINDINGS);
  const fault = databaseFaultOf(error);
  const text =
    findings.length === 0
      ? describeRefusal(error, tables)
      : `expected ${findings.map(({ expected, found }) => `${expected}, found ${found}`).join('; ')} ` +
        `(${describeDatabaseFault(error)}); ${remedyOf(findings)}`;
  const { table = findings[0]?.table, column = findings[0]?.column, constraint, sqlState } = fault;
  const context = { sqlState, table, column, constraint };
  return new SchemaError(
    `${text}. Until then everything waits, and nothing is skipped.`,
    Object.fromEntries(
      Object.entries(context).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
  );
}

/** Whether a column that cannot hold what the pipeline's schema allows is the reason why rows are refused. */
export async function isColumnUnfit(run: RunQuery, shapes: readonly TableShape[], error: unknown): Promise<boolean> {
  return findingsAbout(error, shapes, await findTables(run, shapes)).length > 0;
}

/** Each role has privileges of its own, which provision knows, so no grant is advised that would be too wide. */
function remedyOf(findings: readonly ShapeFinding[]): string {
  const remedies = [...new Set(findings.map(({ remedy }) => remedy))].join('; ');
  return findings.every(({ kind }) => kind === 'privilege')
    ? `run ${remedies}`
    : `run in the target database: ${remedies}`;
}

function findingsAbout(error: unknown, shapes: readonly TableShape[], tables: readonly FoundTable[]): ShapeFinding[] {
  const { sqlState = '', column, procedure, table } = databaseFaultOf(error);
  // The statement of a trigger's function fails because of that function, or of another table.
  if (procedure !== undefined) return [];
  const kinds = findingKindsOf(sqlState);
  const byName = new Map(tables.map((found) => [found.table, found]));
  return (
    shapes
      .flatMap((shape) => {
        const found = byName.get(shape.table);
        return found === undefined ? [] : compareShape(shape, found);
      })
      .filter(({ kind }) => kinds.includes(kind))
      .filter((finding) => sqlState !== '23502' || (finding.column === column && finding.table === table))
      // Each role has only some of the privileges on the tables that this error is not about.
      .filter((finding) => sqlState !== '42501' || finding.table === table)
  );
}

/** What a table may lack when the database answers with this SQLSTATE. */
function findingKindsOf(sqlState: string): readonly ShapeFinding['kind'][] {
  if (sqlState === '23502') return ['notNull', 'required'];
  if (sqlState.startsWith('22')) return ['narrow', 'type'];
  switch (sqlState) {
    case '42P01':
      return ['table'];
    case '42703':
      return ['column'];
    case '428C9':
      return ['generated'];
    case '42501':
      return ['privilege'];
    case '42804':
    case '42883':
    case '42846':
      return ['type'];
    case '42P10':
    case '55000':
    case '0A000':
      return ['kind', 'key'];
    default:
      return [];
  }
}

/** What refuses rows, or suppresses their writes, although every column fits. */
function describeRefusal(error: unknown, tables: readonly FoundTable[]): string {
  const { sqlState = '', table = tables[0]?.table, constraint, procedure } = databaseFaultOf(error);
  const found = describeDatabaseFault(error);
  if (constraint !== undefined) {
    return refusedBy(
      table,
      `constraint ${constraint}`,
      found,
      `alter table ${quoteIdentifier(table ?? '')} drop constraint ${quoteIdentifier(constraint)}`,
    );
  }
  const isSuppressed = error instanceof PipelineError;
  const triggers = tables.flatMap((each) => each.triggers.map((trigger) => ({ ...trigger, table: each.table })));
  const trigger = triggers.find((each) => each.procedure === procedure) ?? (isSuppressed ? triggers[0] : undefined);
  if (trigger !== undefined) {
    const remedy = `alter table ${trigger.table} disable trigger ${quoteIdentifier(trigger.name)}`;
    return refusedBy(trigger.table, `trigger ${trigger.name}`, found, remedy);
  }
  const rules = tables.flatMap((each) => each.rules.map((name) => ({ name, table: each.table })));
  const [rule] = isSuppressed ? rules : [];
  if (rule !== undefined) {
    return refusedBy(
      rule.table,
      `rule ${rule.name}`,
      found,
      `drop rule ${quoteIdentifier(rule.name)} on ${rule.table}`,
    );
  }
  const secured = tables.find(({ hasRowSecurity }) => hasRowSecurity);
  if (secured !== undefined && (isSuppressed || sqlState === '42501')) {
    const remedy = `alter table ${secured.table} disable row level security`;
    return refusedBy(secured.table, 'its row-level security', found, remedy);
  }
  if (sqlState === '42501') {
    return (
      `expected user ${tables[0]?.user} to have the privileges that it needs, found that one is missing ` +
      `(${found}: ${messageOf(error, sqlState)}); run npm run provision, or grant it in the target database`
    );
  }
  return (
    'expected the tables of the target database as sql/target creates them, found that a statement does not fit them ' +
    `(${found}: ${messageOf(error, sqlState)}); compare table ${table} with sql/target and correct it with alter table`
  );
}

function refusedBy(table: string | undefined, rule: string, found: string, remedy: string): string {
  return (
    `expected table ${table} of the target database to accept what arrives, found that ${rule} refuses it (${found}); ` +
    `correct that, or run in the target database: ${remedy}`
  );
}

/** The messages of class 42 and its like name tables and columns. Others may quote values. */
function messageOf(error: unknown, sqlState: string): string {
  return error instanceof Error && /^(?:42|0A|3F|55)/.test(sqlState) ? error.message : 'a value is refused';
}
