import pg from 'pg';
import { READ_BACKLOG } from '../../../functions/adapters/postgres/postgres-capture-backlog.ts';
import {
  CHANGE_SOURCE_SESSION,
  READ_DIFFERENCE,
  READ_PAGE,
} from '../../../functions/adapters/postgres/postgres-change-source.ts';
import { createMigratedDatabase } from '../../support/migrated-database.ts';

/** Changes that are published, and retained until they are old enough. */
const RETAINED_COUNT = 200_000;
const NEW_COUNT = 50;

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

let client: pg.Client;
/** A snapshot before the new changes, in which a transaction is open that made half of them. */
let since: string;
beforeAll(async () => {
  const url = await createMigratedDatabase('source');
  const options = Object.entries(CHANGE_SOURCE_SESSION)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
  client = new pg.Client({ connectionString: url, options });
  await client.connect();
  // Their transaction ids, from 3, were used when the database cluster was created.
  await client.query(`insert into emp_cdc (emp_id, action, txid)
    select n % 5000, 'UPDATE', (3 + n / 1000)::text::xid8 from generate_series(1, ${RETAINED_COUNT}) n`);
  const open = new pg.Client({ connectionString: url });
  await open.connect();
  const change = `insert into employees (salary) select n from generate_series(1, ${NEW_COUNT / 2}) n`;
  await open.query('begin');
  await open.query(change);
  since = (await client.query<{ now: string }>('select pg_current_snapshot()::text as now')).rows[0]?.now ?? '';
  expect(since).toMatch(/:\d/);
  await client.query(change);
  await open.query('commit');
  await open.end();
});
afterAll(() => client.end());

/** All nodes of the plan that PostgreSQL executed. */
async function plan(statement: string, types: string, values: readonly string[]): Promise<PlanNode[]> {
  await client.query('deallocate all');
  await client.query(`prepare statement (${types}) as ${statement}`);
  const list = values.map((value) => pg.escapeLiteral(value)).join(', ');
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `explain (analyze, format json) execute statement (${list})`,
  );
  const flatten = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(flatten)];
  const root = rows[0]?.['QUERY PLAN'][0].Plan;
  if (root === undefined) throw new Error('expected a plan');
  return flatten(root);
}

function scansOf(nodes: readonly PlanNode[]) {
  const scans = nodes.filter((node) => node['Relation Name'] === 'emp_cdc');
  expect(scans.length).toBeGreaterThan(0);
  return {
    kinds: [...new Set(scans.map((scan) => scan['Node Type']))],
    indexes: [...new Set(scans.map((scan) => scan['Index Name']))],
    rows: scans.reduce(
      (sum, scan) => sum + (scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0)) * scan['Actual Loops'],
      0,
    ),
  };
}

const now = async () => (await client.query<{ now: string }>('select pg_current_snapshot()::text as now')).rows[0]?.now;

describe.each([
  ['never analysed', 'select'],
  ['analysed', 'analyze emp_cdc'],
])('in a large table, %s', (_, before) => {
  describe.each(['force_custom_plan', 'force_generic_plan'])('%s', (mode) => {
    beforeAll(async () => {
      await client.query(`${before}`);
      await client.query(`set plan_cache_mode = ${mode}`);
    });

    const reads = [
      ['a difference', READ_DIFFERENCE],
      ['the backlog', READ_BACKLOG],
    ] as const;

    test.each(reads)('%s without changes reads no row', async (_, statement) => {
      const scans = scansOf(await plan(statement, 'pg_snapshot', [(await now()) ?? '']));
      expect(scans).toEqual({ kinds: ['Index Scan'], indexes: ['emp_cdc_by_transaction'], rows: 0 });
    });

    test.each(reads)('%s reads the new changes and no others', async (_, statement) => {
      const scans = scansOf(await plan(statement, 'pg_snapshot', [since]));
      expect(scans).toEqual({ kinds: ['Index Scan'], indexes: ['emp_cdc_by_transaction'], rows: NEW_COUNT });
    });

    test('a page continues after the one before, and sorts nothing', async () => {
      const nodes = await plan(READ_PAGE, 'pg_snapshot, pg_snapshot, bigint, bigint', [
        '3:3:',
        (await now()) ?? '',
        String(RETAINED_COUNT / 2),
        String(RETAINED_COUNT),
      ]);
      expect(nodes.filter((node) => /Sort/.test(node['Node Type']))).toEqual([]);
      expect(scansOf(nodes)).toEqual({ kinds: ['Index Scan'], indexes: ['emp_cdc_pkey'], rows: 5_000 });
    });
  });
});
