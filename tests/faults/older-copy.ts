import type { FaultyStack } from './faulty-stack.ts';

/** Copies all tables of the target aside, as a backup does. */
export async function copyTables(stack: FaultyStack): Promise<void> {
  const tables = await findTables(stack);
  await stack.target(
    'begin isolation level repeatable read',
    'drop schema if exists copy cascade',
    'create schema copy',
    ...tables.map(({ name }) => `create table copy.${name} as table public.${name}`),
    'commit',
  );
}

/** Makes the target what it was at the time of the copy, in one transaction. */
export async function restoreTables(stack: FaultyStack): Promise<void> {
  const tables = await findTables(stack);
  await stack.target(
    'begin',
    // Foreign keys are not checked meanwhile, so that the order of the tables does not matter.
    'set local session_replication_role = replica',
    `truncate ${tables.map(({ name }) => `public.${name}`).join(', ')} cascade`,
    ...tables.map(
      ({ name, columns }) =>
        `insert into public.${name} (${columns}) overriding system value select ${columns} from copy.${name}`,
    ),
    'commit',
  );
}

/** The tables, with their columns except generated ones. */
async function findTables(stack: FaultyStack): Promise<{ name: string; columns: string }[]> {
  const rows = await stack.target(`
    select quote_ident(relname) as name, string_agg(quote_ident(attname), ', ' order by attnum) as columns
    from pg_class join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped and attgenerated = ''
    where relnamespace = 'public'::regnamespace and relkind = 'r' group by relname`);
  return rows.map(({ name, columns }) => ({ name: String(name), columns: String(columns) }));
}
