-- The table whose changes are captured. It may be there already, with rows and with writers: it is then left as it is.
create table if not exists employees (
  emp_id serial primary key,
  first_name varchar(100),
  last_name varchar(100),
  dob date,
  city varchar(100),
  salary int
);
