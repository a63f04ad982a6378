import pg from 'pg';

/**
 * Sets the clock of a database, as its statements see it: `clock_timestamp()`, `now()` and the like. PostgreSQL inlines a
 * function in SQL also where it would call a built-in one, so that replacing those of `pg_catalog` is enough. Sessions that
 * have plans with the functions of before are ended.
 */
export async function setDatabaseClock(url: string, aheadSeconds: number): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  await client.connect();
  try {
    await client.query(INSTALL);
    await client.query('update faulty_clock.state set ahead = make_interval(secs => $1)', [aheadSeconds]);
  } finally {
    await client.end();
  }
}

const BUILT_IN = ['clock_timestamp', 'now', 'statement_timestamp', 'transaction_timestamp'];

const INSTALL = `
  do $install$
  begin
    if to_regnamespace('faulty_clock') is not null then return; end if;
    create schema faulty_clock;
    create table faulty_clock.state (ahead interval not null);
    insert into faulty_clock.state values ('0');
    create function faulty_clock.now() returns timestamptz language plpgsql volatile security definer
      set search_path = pg_catalog set timezone = 'UTC' set datestyle = 'ISO' as $$
    begin
      return timeofday()::timestamptz + (select ahead from faulty_clock.state);
    end
    $$;
    grant usage on schema faulty_clock to public;
    ${BUILT_IN.map(
      (name) => `
    create or replace function pg_catalog.${name}() returns timestamptz language sql volatile
      as 'select faulty_clock.now()';`,
    ).join('')}
    perform pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend';
  end
  $install$`;
