-- Tables for a capture that accepts every row of employees, whatever the types of its columns. The functions and triggers
-- are in sql/capture.

-- The row as it was, when it does not have the columns of this pipeline: the other columns then hold what fits. Texts have
-- no limit here, so that a longer one is captured and becomes a dead letter.
alter table emp_cdc
  alter column first_name type varchar,
  alter column last_name type varchar,
  alter column city type varchar,
  add column image jsonb;

-- A row here says that changes were not captured. The poller begins a new snapshot when one is not visible in the snapshot
-- that it began last.
create table cdc_gap (
  gap_id bigint generated always as identity primary key,
  txid xid8 not null default pg_current_xact_id(),
  noted_at timestamptz not null default clock_timestamp(),
  reason text not null
);
