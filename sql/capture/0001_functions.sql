-- The functions that capture the changes of employees in emp_cdc, in the transaction of the change. `provision` installs
-- them whenever they differ from this file.
--
-- A write to employees never fails because of the capture, except when the server itself is in trouble: see
-- `_private_is_server_failure`. A change that cannot be captured is noted in cdc_gap.
--
-- `security definer` and a pinned search_path: a writer of employees needs no privilege on the other tables, and cannot
-- redirect what these functions write. No NOTIFY: it would serialize the commits of the whole database.

-- Whether an error is not about the shape of a table, so that the application's statement fails with it as it would
-- without the capture: a conflict with another transaction, lack of a resource, a shutdown, a failed device, a lock timeout.
create or replace function _private_is_server_failure(state text) returns boolean
  language sql immutable set search_path = pg_catalog, pg_temp
as $$
  select left(state, 2) in ('08', '40', '53', '57', '58') or state = '55P03'
$$;

-- Notes that the present transaction has a change that is not captured; once for each transaction.
create or replace function _private_note_capture_gap(gap_reason text) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('employee_streams.gap_noted', true) = pg_current_xact_id()::text then
    return;
  end if;
  insert into public.cdc_gap (reason) values (gap_reason);
  perform set_config('employee_streams.gap_noted', pg_current_xact_id()::text, true);
end
$$;

-- Whether a table is employees, or one of its partitions. A table that inherits from employees is another table.
create or replace function _private_is_employees(relation oid) returns boolean
  language sql stable set search_path = pg_catalog, pg_temp
as $$
  select coalesce(relation = to_regclass('public.employees'), false)
    or coalesce(pg_partition_root(relation) = to_regclass('public.employees'), false)
$$;

-- A text that is another one after every change of the definition of these tables. It is not immutable: it is declared so
-- that a plan contains its result. PostgreSQL makes another plan when the definition of a table that the plan names changes.
create or replace function _private_shape_token(regclass, regclass, regclass) returns text
  language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  return clock_timestamp()::text;
end
$$;

-- Whether emp_cdc has the columns of this pipeline and nothing that may refuse a row, such as a trigger for inserts, and
-- employees no virtual generated column: a trigger sees such a column as null. The types are in the order of the columns of emp_cdc.
create or replace function _private_is_usual_shape(relation oid) returns boolean
  language sql set search_path = pg_catalog, pg_temp
as $$
  select exists (
    select from pg_class
    where oid = to_regclass('public.emp_cdc') and relkind = 'r' and relchecks = 0
      and not relhasrules and not relrowsecurity
  ) and not exists (
    select from pg_trigger where tgrelid = to_regclass('public.emp_cdc') and tgtype & 4 <> 0
  ) and exists (
    select from pg_sequence
    where seqrelid = to_regclass('public.emp_cdc_cdc_id_seq') and seqmax = 9223372036854775807 and seqincrement > 0
  ) and not exists (
    select from pg_index
    where indrelid = to_regclass('public.emp_cdc')
      and (indisunique and not indisprimary or indexprs is not null or indpred is not null)
  ) and not exists (
    select from pg_attribute
    where attrelid = to_regclass('public.emp_cdc') and attnum > 0 and case
      when attnum > 11 then attnotnull
      else atttypid <> ('{20,23,1043,1043,1082,1043,23,25,5069,1184,3802}'::oid[])[attnum]
        or atttypmod <> -1 or attgenerated <> '' or attnotnull <> (attnum in (1, 9, 10))
      end
  ) and not exists (
    select from pg_attribute where attrelid = relation and attgenerated = 'v'
  )
$$;

-- Whether the changes of this table can be inserted into emp_cdc as they are. The answer is stored for the transaction,
-- because the insert without rows locks emp_cdc against changes of its definition by others. The shape is verified once for
-- a session and definition. It is verified again in a transaction with a frozen snapshot, which may see the catalog of the
-- past. The sequence must be neither near its end nor behind the ids that were given out.
--
-- Raises an error when a table or a column is missing, or the function's owner lacks a privilege.
create or replace function _private_prepare_capture(relation oid) returns boolean
  language plpgsql set search_path = pg_catalog, pg_temp set enable_seqscan = off
as $$
declare
  token text;
begin
  if current_setting('employee_streams.prepared_table', true) = relation::text then
    return true;
  end if;
  insert into public.emp_cdc (cdc_id, emp_id, first_name, last_name, dob, city, salary, action, txid, changed_at, image)
  select null, null, null, null, null, null, null, null, null, null, null where false;
  token := relation::text || ' ' || public._private_shape_token(
    'public.emp_cdc', 'public.emp_cdc_cdc_id_seq', 'public.employees'
  );
  if current_setting('employee_streams.verified_shape', true) is distinct from token then
    if not public._private_is_usual_shape(relation) then
      return false;
    end if;
    if current_setting('transaction_isolation') = 'read committed' then
      perform set_config('employee_streams.verified_shape', token, false);
    end if;
  end if;
  if exists (
    select from public.emp_cdc_cdc_id_seq
    where last_value > 1::bigint << 62
      or exists (select from public.emp_cdc where cdc_id > last_value and cdc_id <= last_value + 1000000)
  ) then
    return false;
  end if;
  perform set_config('employee_streams.prepared_table', relation::text, true);
  return true;
end
$$;

-- Captures an image with whatever columns it has: those that fit in their columns, and all of them in `image`. A null image
-- is that of a truncate.
create or replace function _private_capture_image(change text, row_image jsonb) returns void
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  fitting_id integer;
  fitting_dob date;
  fitting_salary integer;
begin
  -- Not within the insert: its planner would evaluate a cast before it knows that the text is valid.
  if pg_input_is_valid(row_image ->> 'emp_id', 'integer') then
    fitting_id := row_image ->> 'emp_id';
  end if;
  if pg_input_is_valid(row_image ->> 'dob', 'date') then
    fitting_dob := row_image ->> 'dob';
  end if;
  if pg_input_is_valid(row_image ->> 'salary', 'integer') then
    fitting_salary := row_image ->> 'salary';
  end if;
  for attempt in 1..2 loop
    begin
      insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action, txid, changed_at, image)
      values (
        fitting_id, row_image ->> 'first_name', row_image ->> 'last_name', fitting_dob, row_image ->> 'city',
        fitting_salary, change, pg_current_xact_id(), clock_timestamp(), row_image
      );
      return;
    exception when unique_violation then
      -- The sequence was set back behind the rows. An id near the end of the range was written by hand.
      if attempt = 2 then raise; end if;
      perform setval('public.emp_cdc_cdc_id_seq', max(cdc_id)) from public.emp_cdc where cdc_id < 1::bigint << 62;
    end;
  end loop;
end
$$;

-- Captures a change of a row that has other columns than those of this pipeline, or when emp_cdc is not as usual.
create or replace function _private_capture_unusual(relation oid, operation text, old_image jsonb, new_image jsonb)
  returns void language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  virtual_columns text[];
  holder jsonb;
begin
  if not public._private_is_employees(relation) then
    perform public._private_note_capture_gap(format('table %s is not public.employees', relation::regclass));
    return;
  end if;
  -- Triggers see a virtual generated column as null. Without the column the change becomes a dead letter.
  virtual_columns := array(
    select attname from pg_attribute where attrelid = relation and attgenerated = 'v' and not attisdropped
  );
  new_image := new_image - virtual_columns;
  old_image := old_image - virtual_columns;
  -- The dead letter of such a change lacks a value, so it cannot mend the target.
  if not coalesce(new_image, old_image) ?& '{emp_id,first_name,last_name,dob,city,salary}' then
    perform public._private_note_capture_gap('a column of employees is missing');
  end if;
  if operation in ('INSERT', 'TRUNCATE') or (
    operation = 'UPDATE' and old_image -> 'emp_id' is not distinct from new_image -> 'emp_id'
  ) then
    perform public._private_capture_image(operation, new_image);
    return;
  end if;
  if exists (select from pg_constraint where conrelid = relation and contype = 'p' and condeferrable) then
    execute 'select to_jsonb(employee) from public.employees as employee where employee.emp_id::text = $1 limit 1'
      into holder using old_image ->> 'emp_id';
  end if;
  if holder is null then
    perform public._private_capture_image('DELETE', old_image);
  else
    perform public._private_capture_image('UPDATE', holder - virtual_columns);
  end if;
  if operation = 'UPDATE' then
    perform public._private_capture_image('INSERT', new_image);
  end if;
exception when others then
  if public._private_is_server_failure(sqlstate) then raise; end if;
  perform public._private_note_capture_gap(format('emp_cdc refuses a change with SQLSTATE %s', sqlstate));
end
$$;

-- The trigger before each statement. Between two statements of a transaction the table may get another shape, so the first
-- row of each statement is checked.
create or replace function capture_statement_start() returns trigger
  language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform set_config('employee_streams.is_checked', '', true);
  return null;
end
$$;

-- The trigger of each row.
--
-- The first row of a statement is checked: whether the row can be inserted into emp_cdc as it is. The block with the
-- exception handler writes nothing, so its subtransaction needs no transaction id. An error there is one that the insert
-- would raise, too, for example because a session has cached expressions for columns of other types.
--
-- The primary key may be deferrable. There a key may be taken before it is given up, as when two employees swap their
-- keys in one statement. The row that leaves the key would come last and delete the one that holds it now. So a row that
-- leaves a key that another one holds leaves the image of the other.
--
-- With a key that is not deferrable no other row can hold it, so only the constraint is looked at. An image found under
-- the key would be one of the past, which a transaction with a frozen snapshot still sees.
--
-- A transaction with synchronous_commit = off is made to commit synchronously. Otherwise a crash of the server could
-- undo a change that the target has already, and its transaction id and cdc_id would be given out again.
create or replace function capture_employee_change() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  is_usual boolean := true;
  holder record;
  is_held boolean := false;
begin
  if current_setting('employee_streams.is_checked', true) is distinct from 'yes'
    or current_setting('synchronous_commit') = 'off'
  then
    if current_setting('synchronous_commit') = 'off' then
      perform set_config('synchronous_commit', 'on', true);
    end if;
    begin
      is_usual := (
          tg_op <> 'DELETE'
          and pg_typeof(new.emp_id) = 'integer'::regtype and pg_typeof(new.first_name) = 'varchar'::regtype
          and pg_typeof(new.last_name) = 'varchar'::regtype and pg_typeof(new.dob) = 'date'::regtype
          and pg_typeof(new.city) = 'varchar'::regtype and pg_typeof(new.salary) = 'integer'::regtype
          or tg_op = 'DELETE'
          and pg_typeof(old.emp_id) = 'integer'::regtype and pg_typeof(old.first_name) = 'varchar'::regtype
          and pg_typeof(old.last_name) = 'varchar'::regtype and pg_typeof(old.dob) = 'date'::regtype
          and pg_typeof(old.city) = 'varchar'::regtype and pg_typeof(old.salary) = 'integer'::regtype
        )
        and (
          tg_relid = to_regclass('public.employees')
          or coalesce(pg_partition_root(tg_relid) = to_regclass('public.employees'), false)
        )
        and public._private_prepare_capture(tg_relid);
      if is_usual then
        perform set_config('employee_streams.is_checked', 'yes', true);
      end if;
    exception when others then
      is_usual := false;
    end;
    if not is_usual then
      begin
        perform public._private_capture_unusual(tg_relid, tg_op, to_jsonb(old), to_jsonb(new));
      exception when others then
        -- As _private_is_server_failure. The list is repeated here and below, so that it also holds when that function is
        -- missing. The message of the error may quote a value, so only its SQLSTATE is logged.
        if left(sqlstate, 2) in ('08', '40', '53', '57', '58') or sqlstate = '55P03' then raise; end if;
        raise log 'a change of % is not captured: SQLSTATE %', tg_relid::regclass, sqlstate;
      end;
      return null;
    end if;
  end if;

  if tg_op = 'INSERT' or (tg_op = 'UPDATE' and old.emp_id = new.emp_id) then
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action, txid, changed_at)
    values (new.emp_id, new.first_name, new.last_name, new.dob, new.city, new.salary, tg_op,
      pg_current_xact_id(), clock_timestamp());
    return null;
  end if;

  if exists (select from pg_constraint where conrelid = tg_relid and contype = 'p' and condeferrable) then
    select emp_id, first_name, last_name, dob, city, salary into holder
    from public.employees
    where emp_id = old.emp_id and (tableoid = tg_relid or pg_partition_root(tableoid) is not null) limit 1;
    is_held := found;
  end if;
  if is_held then
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action, txid, changed_at)
    values (holder.emp_id, holder.first_name, holder.last_name, holder.dob, holder.city, holder.salary, 'UPDATE',
      pg_current_xact_id(), clock_timestamp());
  else
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action, txid, changed_at)
    values (old.emp_id, old.first_name, old.last_name, old.dob, old.city, old.salary, 'DELETE',
      pg_current_xact_id(), clock_timestamp());
  end if;
  -- Another key is another employee to everything downstream.
  if tg_op = 'UPDATE' then
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action, txid, changed_at)
    values (new.emp_id, new.first_name, new.last_name, new.dob, new.city, new.salary, 'INSERT',
      pg_current_xact_id(), clock_timestamp());
  end if;
  return null;
end
$$;

create or replace function capture_employees_truncate() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  perform public._private_capture_unusual(tg_relid, 'TRUNCATE', null, null);
  return null;
exception when others then
  if left(sqlstate, 2) in ('08', '40', '53', '57', '58') or sqlstate = '55P03' then raise; end if;
  raise log 'a truncate of % is not captured: SQLSTATE %', tg_relid::regclass, sqlstate;
  return null;
end
$$;

-- The trigger of emp_cdc for each statement that deletes or truncates. Changes that are deleted before they are published
-- are lost, and only a snapshot replaces them. The purge of the poller deletes published ones, and says so by a setting.
create or replace function note_deleted_changes() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'TRUNCATE' then
    perform public._private_note_capture_gap('emp_cdc was truncated');
  elsif current_setting('employee_streams.purges', true) is distinct from 'yes' and exists (select from deleted) then
    perform public._private_note_capture_gap('rows of emp_cdc were deleted');
  end if;
  return null;
exception when others then
  -- The operator's statement succeeds even so, as every write to employees does. Without cdc_gap the poller sees a fault.
  if left(sqlstate, 2) in ('08', '40', '53', '57', '58') or sqlstate = '55P03' then raise; end if;
  raise log 'a deletion from % is not noted: SQLSTATE %', tg_relid::regclass, sqlstate;
  return null;
end
$$;
