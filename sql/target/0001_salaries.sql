-- The salaries pipeline: the rows, the running totals, and the accounting that makes both exact.
--
-- A row's identity is (file, row number), because no column of the file is unique: two equal rows are two employees.
-- Always true between transactions: sum(salary) by department over department_employee equals
-- department_employee_salary.

-- One row per object key: which version of it counts. transform-csv takes over under `for update` of this row,
-- load-salaries writes under `for share` of it.
create table ingested_key (
  bucket text not null,
  key text not null,
  -- The file whose rows are in the tables; null until a version has taken over.
  current_file_id bigint,
  -- The greatest sequencer seen that took over or brought the same bytes again; null when none came with one.
  latest_sequencer text,
  primary key (bucket, key)
);

-- One row per version of an object, kept for ever: what became of it, and how many rows.
-- read = filtered_out + rejected + sent once the end of the file is recorded.
create table ingested_file (
  file_id bigint generated always as identity primary key,
  bucket text not null,
  key text not null,
  -- S3's version id, the event's sequencer where the bucket keeps no versions, or how a listing found it.
  version text not null,
  version_id text,
  sequencer text,
  etag text not null,
  size_bytes bigint not null,
  state text not null check (state in ('loading', 'complete', 'rejected', 'superseded', 'unchanged')),
  read integer not null default 0,
  filtered_out integer not null default 0,
  rejected integer not null default 0,
  sent integer not null default 0,
  loaded integer not null default 0,
  refused integer not null default 0,
  -- Set when transform-csv has sent everything: from then on loaded + refused = sent means complete.
  end_recorded boolean not null default false,
  heartbeat_at timestamptz not null default clock_timestamp(),
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  foreign key (bucket, key) references ingested_key,
  unique (bucket, key, version)
);

-- reconcile-bucket looks for files that stand still.
create index ingested_file_loading on ingested_file (heartbeat_at) where state = 'loading';

create table department_employee (
  department varchar(200) not null,
  department_division varchar(200) not null,
  position_title varchar(200) not null,
  hire_date date not null,
  salary integer not null check (salary >= 0),
  file_id bigint not null,
  row_number integer not null,
  -- Also how the rows of a replaced version are found.
  primary key (file_id, row_number)
);

create table department_employee_salary (
  department varchar(200) primary key,
  total_salary bigint not null,
  -- A department leaves the table with its last employee: a total of 0 alone does not tell, salaries may be 0.
  employee_count bigint not null
);

-- Rows that the database refused, so that a redelivered batch counts each of them once.
create table refused_row (
  file_id bigint not null,
  row_number integer not null,
  primary key (file_id, row_number)
);
