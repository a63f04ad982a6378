-- Captures the changes of a table whose primary key is deferrable, too: there a key may be taken before it is given up,
-- as when two employees swap their keys in one statement. Captured as it happens, the row that leaves the key would come
-- last and delete the one that holds it now. So whoever leaves a key that somebody else holds leaves the other's image.
--
-- With a key that is not deferrable nobody else can hold it, so only the constraint is looked at. An image found under
-- the key would be one of the past, which a transaction with a frozen snapshot still sees.
create or replace function capture_employee_change() returns trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
  holder public.employees;
begin
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  if tg_op = 'INSERT' then
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action)
    values (new.emp_id, new.first_name, new.last_name, new.dob, new.city, new.salary, 'INSERT');
    return null;
  elsif tg_op = 'UPDATE' and old.emp_id = new.emp_id then
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action)
    values (new.emp_id, new.first_name, new.last_name, new.dob, new.city, new.salary, 'UPDATE');
    return null;
  end if;

  if exists (select from pg_constraint where conrelid = tg_relid and contype = 'p' and condeferrable) then
    select * into holder from public.employees where emp_id = old.emp_id limit 1;
  end if;
  if holder.emp_id is not null then
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action)
    values (holder.emp_id, holder.first_name, holder.last_name, holder.dob, holder.city, holder.salary, 'UPDATE');
  else
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action)
    values (old.emp_id, old.first_name, old.last_name, old.dob, old.city, old.salary, 'DELETE');
  end if;
  -- Another key is another employee to everyone downstream.
  if tg_op = 'UPDATE' then
    insert into public.emp_cdc (emp_id, first_name, last_name, dob, city, salary, action)
    values (new.emp_id, new.first_name, new.last_name, new.dob, new.city, new.salary, 'INSERT');
  end if;
  return null;
end
$$;
