-- What the last verification has found: whether the replica has the employees of the source, and whether the salaries'
-- totals and counts are those of the rows.

-- The source's keys are verified in twelve slices, each of which replaces its row here. A slice has the keys above
-- after_emp_id, up to until_emp_id.
create table replica_check (
  slice smallint primary key check (slice between 0 and 11),
  -- Null: from the least key on.
  after_emp_id integer,
  -- Null: up to the greatest key.
  until_emp_id integer,
  -- When the verification of the slice began.
  checked_at timestamptz not null,
  seconds real not null,
  row_count bigint not null,
  range_count bigint not null,
  -- Proven differences.
  missing bigint not null,
  extra bigint not null,
  different bigint not null,
  -- Rows that a rule or a dead letter keeps out of the replica.
  held bigint not null,
  -- Rows whose changes had not arrived when the time was over.
  unsettled bigint not null,
  -- How many of the proven differences have each cause: {"lost": 1}.
  causes jsonb not null,
  -- How many of the held rows each rule holds, and how many a dead letter.
  held_by jsonb not null,
  -- The first keys of each kind with the names of the columns that differ, never their values.
  samples jsonb not null,
  -- Since when the slice has proven differences; null when it has none.
  differs_since timestamptz
);

create table salary_check (
  only_row boolean primary key default true check (only_row),
  checked_at timestamptz not null,
  seconds real not null,
  file_count bigint not null,
  row_count bigint not null,
  differences bigint not null,
  -- The first differences: [{"kind", "subject", "message"}].
  findings jsonb not null,
  differs_since timestamptz,
  -- When the objects were last read again and compared row by row; null before the first time.
  deep_checked_at timestamptz
);

-- Exactly one row. It sums up the slices.
create view replica_agreement as
select
  -- How old the oldest knowledge about a key is; null until every key was verified once.
  case when count(*) = 12 then min(checked_at) end as oldest_checked_at,
  coalesce(sum(row_count), 0)::bigint as row_count,
  coalesce(sum(missing), 0)::bigint as missing,
  coalesce(sum(extra), 0)::bigint as extra,
  coalesce(sum(different), 0)::bigint as different,
  coalesce(sum(held), 0)::bigint as held,
  coalesce(sum(unsettled), 0)::bigint as unsettled,
  min(differs_since) as differs_since,
  (select coalesce(jsonb_object_agg(cause, number), '{}') from (
    select cause, sum(number::bigint) as number from replica_check, jsonb_each_text(causes) as each (cause, number)
    group by cause) as by_cause) as causes,
  (select coalesce(jsonb_object_agg(holder, number), '{}') from (
    select holder, sum(number::bigint) as number from replica_check, jsonb_each_text(held_by) as each (holder, number)
    group by holder) as by_holder) as held_by
from replica_check;
