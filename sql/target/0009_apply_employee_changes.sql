-- Applies a usual batch of changes within one statement of the client, so within one round trip. It does what
-- PostgresEmployeeReplicaTransaction does with a statement for each step. Each statement in here has a snapshot of its own,
-- so it sees what another transaction committed while the statement before it waited for a lock.
--
-- Returns how many changes were newer than what the target has, or null when the batch has to be applied step by step: a
-- sweep is pending or kept employees, rows were refused since one was last accepted, or the transaction is not one of
-- isolation level read committed that may write. Then nothing has changed.
--
-- The arrays of one group have equal lengths: the offsets of the batch, and the changes of different employees, ascending
-- by emp_id, so that concurrent batches lock rows in the same order and cannot deadlock.
create function apply_employee_changes(
  topics text[], kafka_partitions integer[], first_offsets bigint[], next_offsets bigint[],
  emp_ids integer[], epochs bigint[], change_ids bigint[], deletions boolean[],
  first_names text[], last_names text[], dobs date[], cities text[], salaries integer[]
) returns integer
  language plpgsql
as $$
declare
  watermark record;
  newer_count bigint;
  deleted_ids integer[];
  written_count bigint;
begin
  if current_setting('transaction_isolation') <> 'read committed' or current_setting('transaction_read_only') = 'on' then
    return null;
  end if;
  select epoch, change_id, swept_until, sweep_refusal into watermark from employee_watermark for share;
  if not found or watermark.swept_until is not null or watermark.sweep_refusal is not null
    or exists (select from target_refusal where table_name = 'employees' and accepted_at is null)
  then
    return null;
  end if;

  insert into applied_offset as stored (topic, kafka_partition, offsets)
  select topic, kafka_partition, range_agg(int8range(first_offset, next_offset))
  from unnest(topics, kafka_partitions, first_offsets, next_offsets)
    as batch (topic, kafka_partition, first_offset, next_offset)
  group by topic, kafka_partition order by topic, kafka_partition
  on conflict (topic, kafka_partition) do update set offsets = stored.offsets + excluded.offsets;

  insert into employee_version as stored (emp_id, epoch, change_id, deleted)
  select emp_id, epoch, change_id, deleted
  from unnest(emp_ids, epochs, change_ids, deletions) as change (emp_id, epoch, change_id, deleted)
  where (epoch, change_id) > (watermark.epoch, watermark.change_id)
  order by emp_id
  on conflict (emp_id) do update
    set epoch = excluded.epoch, change_id = excluded.change_id, deleted = excluded.deleted, applied_at = clock_timestamp()
    where (stored.epoch, stored.change_id) < (excluded.epoch, excluded.change_id);
  get diagnostics newer_count = row_count;
  if newer_count = 0 then
    return 0;
  end if;

  -- Some changes are not newer, e.g. because the batch was delivered again. Their versions are locked like the others. A
  -- change that was applied before may be written again.
  if newer_count < cardinality(emp_ids) then
    select array_agg(emp_id), array_agg(change.deleted), array_agg(first_name), array_agg(last_name), array_agg(dob),
      array_agg(city), array_agg(salary)
    into emp_ids, deletions, first_names, last_names, dobs, cities, salaries
    from unnest(emp_ids, epochs, change_ids, deletions, first_names, last_names, dobs, cities, salaries)
      as change (emp_id, epoch, change_id, deleted, first_name, last_name, dob, city, salary)
    join employee_version as stored using (emp_id, epoch, change_id)
    where (epoch, change_id) > (watermark.epoch, watermark.change_id);
  end if;

  deleted_ids := array(
    select emp_id from unnest(emp_ids, deletions) as change (emp_id, deleted) where deleted order by emp_id
  );
  if cardinality(deleted_ids) > 0 then
    delete from employees where emp_id = any (deleted_ids);
    if exists (select from employees where emp_id = any (deleted_ids)) then
      raise 'the target database suppresses the deletion of an employee';
    end if;
  end if;

  if cardinality(deleted_ids) < cardinality(emp_ids) then
    -- overriding system value: emp_id may be an identity column.
    insert into employees (emp_id, first_name, last_name, dob, city, salary) overriding system value
    select emp_id, first_name, last_name, dob, city, salary
    from unnest(emp_ids, deletions, first_names, last_names, dobs, cities, salaries)
      as change (emp_id, deleted, first_name, last_name, dob, city, salary)
    where not deleted
    on conflict (emp_id) do update
      set first_name = excluded.first_name, last_name = excluded.last_name, dob = excluded.dob, city = excluded.city,
        salary = excluded.salary;
    get diagnostics written_count = row_count;
    if written_count < cardinality(emp_ids) - cardinality(deleted_ids) then
      raise 'the target database suppresses the write of an employee';
    end if;
  end if;
  return newer_count;
end
$$;
