-- What each function may do in the source database: its role, an object of schema public, and the privileges. `provision`
-- makes it so at every start: it creates missing roles, grants what is missing and revokes what is not listed. It takes
-- nothing back on an object that is not listed.
--
-- A role is named employee_streams_ and the name here. Each object of sql/source and sql/capture that a function uses
-- directly is listed; triggers write as the owner of the capture.
select role, object, privileges from (values
  -- It reads a snapshot and the changes, saves its position, and purges what is published. `select` on the sequence shows
  -- the last id that was given out.
  ('poll_changes', 'employees', 'select'),
  ('poll_changes', 'emp_cdc', 'select, delete'),
  ('poll_changes', 'emp_cdc_cdc_id_seq', 'select'),
  ('poll_changes', 'cdc_gap', 'select'),
  ('poll_changes', 'cdc_progress', 'select, update'),
  -- A repair inserts images of employees as changes, under locks that need functions of their own.
  ('verify_replica', 'employees', 'select'),
  ('verify_replica', 'emp_cdc', 'select, insert'),
  ('verify_replica', 'emp_cdc_cdc_id_seq', 'select, usage'),
  ('verify_replica', 'cdc_gap', 'select'),
  ('verify_replica', 'cdc_progress', 'select'),
  ('verify_replica', 'lock_employees(integer[])', 'execute'),
  ('verify_replica', 'lock_employee_writers()', 'execute'),
  -- How many changes are not published yet.
  ('dashboard', 'emp_cdc', 'select')
) as grants (role, object, privileges)
