-- Capturing the changes: every insert, update, delete and truncate on employees leaves its image in emp_cdc, in the
-- transaction that makes it.
--
-- Creating the triggers waits for the transactions that write employees at that moment, and every later one meets them.
-- Rows that are there already come by the snapshot, which begins afterwards. So nothing falls in between.

-- One row per change. The row lock on the employee and a sequence without a cache make the ids of one employee grow in
-- commit order; across employees an id says nothing, as it is drawn before the commit.
--
-- No check constraint and nothing more than needed is `not null`: whoever writes here by hand, or changes employees, is
-- never refused. What cannot be understood ends as a dead letter.
create table emp_cdc (
  cdc_id bigserial primary key,
  emp_id integer,
  first_name varchar(100),
  last_name varchar(100),
  dob date,
  city varchar(100),
  salary integer,
  -- INSERT, UPDATE (both with the new image), DELETE (with the old one) or TRUNCATE (without one).
  action text,
  -- The transaction that made the change: by this, not by cdc_id, the poller knows what it has not seen yet.
  txid xid8 not null default pg_current_xact_id(),
  changed_at timestamptz not null default clock_timestamp()
);

-- Finds the changes of the transactions between two snapshots.
create index emp_cdc_by_transaction on emp_cdc (txid, cdc_id);

-- Finds the newest change of an employee, for the version of its snapshot row.
create index emp_cdc_by_employee on emp_cdc (emp_id, cdc_id);

-- The poller numbers its saves here before it saves its position elsewhere. A restore from a backup turns this number
-- back together with transaction ids and sequences, so a number that is too low gives the restore away. `epoch` is that
-- of the last snapshot, so that the next one is greater even when the position is lost.
create table cdc_progress (
  only_row boolean primary key default true check (only_row),
  save_number bigint not null default 0,
  epoch bigint not null default 0
);
insert into cdc_progress default values;

-- `security definer` and a pinned search_path: whoever may write employees needs no right on emp_cdc, and cannot
-- redirect what this function writes. No NOTIFY here: it would serialise the commits of the whole database.
--
-- A transaction with synchronous_commit = off is made to commit synchronously. Otherwise a crash of the server could
-- undo a change that the target has already, and its transaction id and cdc_id would be given out again.
create function capture_employee_change() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  if tg_op = 'INSERT' then
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action)
    values (new.emp_id, new.first_name, new.last_name, new.dob, new.city, new.salary, 'INSERT');
  elsif tg_op = 'DELETE' then
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action)
    values (old.emp_id, old.first_name, old.last_name, old.dob, old.city, old.salary, 'DELETE');
  elsif old.emp_id = new.emp_id then
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action)
    values (new.emp_id, new.first_name, new.last_name, new.dob, new.city, new.salary, 'UPDATE');
  else
    -- Another key is another employee to everyone downstream.
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action)
    values (old.emp_id, old.first_name, old.last_name, old.dob, old.city, old.salary, 'DELETE'),
      (new.emp_id, new.first_name, new.last_name, new.dob, new.city, new.salary, 'INSERT');
  end if;
  return null;
end
$$;

create function capture_employees_truncate() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  insert into public.emp_cdc (action) values ('TRUNCATE');
  return null;
end
$$;

-- The name makes the trigger fire before others on the same event, so that a trigger that changes the row again
-- leaves its change behind the one that caused it.
create trigger "00_capture_change" after insert or update or delete on employees
  for each row execute function capture_employee_change();
create trigger "00_capture_truncate" after truncate on employees
  for each statement execute function capture_employees_truncate();

-- `always`: a writer with session_replication_role = replica changes employees as truly as any other, and a change that
-- is not captured would never reach the target. Nothing replicates emp_cdc itself, so no change is captured twice.
alter table employees enable always trigger "00_capture_change";
alter table employees enable always trigger "00_capture_truncate";
