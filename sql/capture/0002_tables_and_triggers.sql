-- Mends what the capture of changes needs and does not find: the tables that it writes, their indexes, and the triggers on
-- employees and emp_cdc. `provision` runs this file at every start; it changes nothing when all is as it should be.
-- Whatever it mends may have lost changes, so it notes a gap, and the poller begins a new snapshot.
--
-- Always locks employees before emp_cdc, as a writer does. In the other order a writer could be the victim of a deadlock.

-- A table of captured changes that cannot hold them is moved into a schema of its own, so that nothing is deleted.
do $$
declare
  aside text := 'emp_cdc_set_aside_' || to_char(clock_timestamp(), 'YYYYMMDDHH24MISSUS');
begin
  if to_regclass('public.emp_cdc') is not null and exists (
    select from (values
      ('cdc_id', 'bigint', true), ('emp_id', 'integer', false), ('first_name', 'character varying', false),
      ('last_name', 'character varying', false), ('dob', 'date', false), ('city', 'character varying', false),
      ('salary', 'integer', false), ('action', 'text', false), ('txid', 'xid8', true),
      ('changed_at', 'timestamp with time zone', true), ('image', 'jsonb', false)
    ) as wanted (name, type, is_required)
    left join pg_attribute on attrelid = to_regclass('public.emp_cdc') and attname = wanted.name and not attisdropped
    where attnum is null or attgenerated <> '' or attnotnull <> is_required
      or format_type(atttypid, atttypmod) <> wanted.type or is_required and not atthasdef
  ) then
    if exists (select from pg_class where oid = to_regclass('public.employees') and relkind in ('r', 'p')) then
      lock table public.employees in share row exclusive mode;
    end if;
    execute format('create schema %I', aside);
    execute format('alter table public.emp_cdc set schema %I', aside);
  end if;
end
$$;

do $$
declare
  leftover record;
  wanted record;
begin
  if to_regclass('public.cdc_gap') is null then
    create table public.cdc_gap (
      gap_id bigint generated always as identity primary key,
      txid xid8 not null default pg_current_xact_id(),
      noted_at timestamptz not null default clock_timestamp(),
      reason text not null
    );
    perform public._private_note_capture_gap('table cdc_gap was missing');
  end if;

  if to_regclass('public.emp_cdc') is null then
    create table public.emp_cdc (
      cdc_id bigserial primary key,
      emp_id integer,
      first_name varchar,
      last_name varchar,
      dob date,
      city varchar,
      salary integer,
      action text,
      txid xid8 not null default pg_current_xact_id(),
      changed_at timestamptz not null default clock_timestamp(),
      image jsonb
    );
    perform public._private_note_capture_gap('table emp_cdc was missing, or did not have its columns');
  end if;

  -- Another table under the name employees: what the former one is used for now is not to be captured.
  for leftover in
    select tgname, tgrelid::regclass as relation from pg_trigger
    where not tgisinternal and tgparentid = 0
      and tgfoid in (
        'public.capture_employee_change'::regproc, 'public.capture_employees_truncate'::regproc,
        'public.capture_statement_start'::regproc
      )
      and (
        tgrelid is distinct from to_regclass('public.employees')
        or tgname not in ('00_capture_change', '00_capture_truncate', '00_capture_statement')
      )
  loop
    execute format('drop trigger %I on %s', leftover.tgname, leftover.relation);
    perform public._private_note_capture_gap(format('trigger %I was on table %s', leftover.tgname, leftover.relation));
  end loop;

  for wanted in
    select * from (values
      ('00_capture_statement', 'before insert or update or delete', 'statement', 'capture_statement_start', 30),
      ('00_capture_change', 'after insert or update or delete', 'row', 'capture_employee_change', 29),
      ('00_capture_truncate', 'after truncate', 'statement', 'capture_employees_truncate', 32)
    ) as triggers (name, event, level, function_name, type)
    where exists (select from pg_class where oid = to_regclass('public.employees') and relkind in ('r', 'p'))
  loop
    if exists (
      select from pg_trigger
      where tgrelid = 'public.employees'::regclass and tgname = wanted.name
        and tgfoid = ('public.' || wanted.function_name)::regproc and tgtype = wanted.type
        and tgqual is null and tgattr = '' and not tgdeferrable
    ) then
      if exists (
        select from pg_trigger
        where tgname = wanted.name and tgenabled <> 'A'
          and (tgrelid = 'public.employees'::regclass or pg_partition_root(tgrelid) = 'public.employees'::regclass)
      ) then
        execute format('alter table public.employees enable always trigger %I', wanted.name);
        perform public._private_note_capture_gap(format('trigger %I was not in mode ALWAYS', wanted.name));
      end if;
    else
      execute format('drop trigger if exists %I on public.employees', wanted.name);
      execute format(
        'create trigger %I %s on public.employees for each %s execute function public.%I()',
        wanted.name, wanted.event, wanted.level, wanted.function_name
      );
      execute format('alter table public.employees enable always trigger %I', wanted.name);
      if wanted.name <> '00_capture_statement' then
        perform public._private_note_capture_gap(format('trigger %I was missing or another one', wanted.name));
      end if;
    end if;
  end loop;

  if to_regclass('public.emp_cdc_by_transaction') is null then
    create index emp_cdc_by_transaction on public.emp_cdc (txid, cdc_id);
  end if;
  if to_regclass('public.emp_cdc_by_employee') is null then
    create index emp_cdc_by_employee on public.emp_cdc (emp_id, cdc_id);
  end if;

  -- In every mode of session_replication_role. Triggers on a table that was set aside note nothing that matters.
  for wanted in
    select * from (values
      ('00_note_truncate', 'after truncate', '', 32),
      ('00_note_delete', 'after delete', 'referencing old table as deleted', 8)
    ) as triggers (name, event, referencing, type)
  loop
    if not exists (
      select from pg_trigger
      where tgrelid = 'public.emp_cdc'::regclass and tgname = wanted.name and tgenabled = 'A'
        and tgfoid = 'public.note_deleted_changes'::regproc and tgtype = wanted.type and tgqual is null
    ) then
      execute format('drop trigger if exists %I on public.emp_cdc', wanted.name);
      execute format(
        'create trigger %I %s on public.emp_cdc %s for each statement execute function public.note_deleted_changes()',
        wanted.name, wanted.event, wanted.referencing
      );
      execute format('alter table public.emp_cdc enable always trigger %I', wanted.name);
      perform public._private_note_capture_gap(format('trigger %I was missing or another one', wanted.name));
    end if;
  end loop;
end
$$;
