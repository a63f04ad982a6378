-- The replica of the source's employees, and what makes applying a change twice, late or out of order harmless.

-- Exactly the schema of the source. It may be there already; rows that the source does not have leave it with the first
-- snapshot.
create table if not exists employees (
  emp_id serial primary key,
  first_name varchar(100),
  last_name varchar(100),
  dob date,
  city varchar(100),
  salary int
);

-- The version (epoch, change_id) last applied to an employee, deletions included. A change applies only when its version
-- is greater. change_id -1 stands for a row that a snapshot has met but could not apply, and that is kept as it was.
--
-- Deletions are remembered until no topic can bring an older change any more, then forgotten.
create table employee_version (
  emp_id integer primary key,
  epoch bigint not null,
  change_id bigint not null,
  deleted boolean not null,
  applied_at timestamptz not null default clock_timestamp()
) with (fillfactor = 70);

-- No version at or below this one exists any more: a truncate or a finished snapshot has taken them all away. Every batch
-- locks this row first, `for share`; whoever raises it, `for update`.
create table employee_watermark (
  only_row boolean primary key default true check (only_row),
  epoch bigint not null default -1,
  change_id bigint not null default -1
);
insert into employee_watermark default values;

-- The partitions whose rows of a snapshot are applied completely. Rows of older epochs leave the replica when all are.
create table employee_snapshot_end (
  epoch bigint not null,
  kafka_partition integer not null,
  primary key (epoch, kafka_partition)
);
