-- What the target refuses, and what it still has to delete.

-- Rows that a rule of the target (a constraint, a type, a trigger) has refused since a row was last accepted. It tells a
-- rule that refuses some rows, which become dead letters, from one that refuses all of them, for which everything waits.
create table target_refusal (
  table_name text not null,
  operation text not null check (operation in ('write', 'delete')),
  -- The SQLSTATE and what it names, never a value.
  rule text not null,
  -- The keys of the rows.
  row_ids text[] not null,
  -- When a row was accepted after that; null while none was.
  accepted_at timestamptz,
  primary key (table_name, operation, rule)
);

-- A TRUNCATE and the end of a snapshot raise the watermark at once. The rows at or below it are deleted in bounded steps,
-- ascending by emp_id, each in a transaction of its own.
alter table employee_watermark
  -- The last emp_id of the steps that are done; null when nothing is left to do.
  add column swept_until bigint,
  -- Why rows at or below the watermark are still there after the last step; null when there are none.
  add column sweep_refusal text;
