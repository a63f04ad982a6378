-- Locks for a repair of the replica. verify-replica publishes the present images of employees, under a lock that keeps
-- writers from changing them meanwhile. PostgreSQL demands the privilege to update a table for each of these locks, so that
-- a role with only these functions can lock employees and never change one.
--
-- `security definer` and a pinned search_path: they run with the privileges of the owner of the capture, and a caller cannot
-- redirect what they lock. sql/source-grants says who may call them.

-- Locks the rows of employees that no other transaction has locked, and returns their keys.
create function lock_employees(ids integer[]) returns setof integer
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  return query execute format(
    'select emp_id::integer from %s public.employees where emp_id = any ($1) order by emp_id for share skip locked',
    (select case when relkind = 'p' then '' else 'only' end from pg_class where oid = 'public.employees'::regclass)
  ) using ids;
end
$$;

-- Keeps all writers of employees out until the end of the transaction. `lock_timeout` of the caller limits the wait.
create function lock_employee_writers() returns void
  language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  execute format(
    'lock table %s public.employees in share mode',
    (select case when relkind = 'p' then '' else 'only' end from pg_class where oid = 'public.employees'::regclass)
  );
end
$$;

revoke execute on function lock_employees(integer[]), lock_employee_writers() from public;
