import type { FaultyStack } from './faulty-stack.ts';

/** Copies all tables of the target aside, as a backup does. */
export async function copyTables(stack: FaultyStack): Promise<void> {
  const tables = await tableNames(stack);
  await stack.target(
    'begin isolation level repeatable read',
    'drop schema if exists copy cascade',
    'create schema copy',
    ...tables.map((table) => `create table copy.${table} as table public.${table}`),
    'commit',
  );
}

/** Makes the target what it was at the time of the copy, in one transaction. */
export async function restoreTables(stack: FaultyStack): Promise<void> {
  const tables = await tableNames(stack);
  await stack.target(
    'begin',
    // Foreign keys are not checked meanwhile, so that the order of the tables does not matter.
    'set local session_replication_role = replica',
    `truncate ${tables.map((table) => `public.${table}`).join(', ')} cascade`,
    ...tables.map((table) => `insert into public.${table} overriding system value table copy.${table}`),
    'commit',
  );
}

async function tableNames(stack: FaultyStack): Promise<string[]> {
  const rows = await stack.target("select quote_ident(tablename) as name from pg_tables where schemaname = 'public'");
  return rows.map(({ name }) => String(name));
}
