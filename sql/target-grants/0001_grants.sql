-- What each function may do in the target database: its role, an object of schema public, and the privileges. `provision`
-- makes it so at every start: it creates missing roles, grants what is missing and revokes what is not listed. It takes
-- nothing back on an object that is not listed.
--
-- A role is named employee_streams_ and the name here. `for share` and `for update` need `update`; `lock table` in a mode
-- that keeps writers out needs `update` or `delete`. A write of dead_letter writes dead_letter_count by a trigger, and so
-- needs the privileges for it.
select role, object, privileges from (values
  -- A version takes over: the rows of the one before are deleted, and its dead letters become obsolete.
  ('transform_csv', 'ingested_key', 'select, insert, update'),
  ('transform_csv', 'ingested_file', 'select, insert, update'),
  ('transform_csv', 'department_employee', 'select, delete'),
  ('transform_csv', 'department_employee_salary', 'select, insert, update, delete'),
  ('transform_csv', 'refused_row', 'select, delete'),
  ('transform_csv', 'dead_letter', 'select, update'),
  ('transform_csv', 'dead_letter_count', 'select, insert, update'),
  -- `update` of department_employee for the lock of a table without a usable key.
  ('load_salaries', 'ingested_key', 'select, update'),
  ('load_salaries', 'ingested_file', 'select, update'),
  ('load_salaries', 'department_employee', 'select, insert, update'),
  ('load_salaries', 'department_employee_salary', 'select, insert, update, delete'),
  ('load_salaries', 'refused_row', 'select, insert, delete'),
  ('load_salaries', 'target_refusal', 'select, insert, update'),
  ('load_salaries', 'pipeline_tick', 'select, insert, update'),
  -- It records that it has requested a file.
  ('reconcile_bucket', 'ingested_key', 'select, insert'),
  ('reconcile_bucket', 'ingested_file', 'select, insert, update'),
  -- The replica, and all that decides what is newer.
  ('apply_changes', 'employees', 'select, insert, update, delete'),
  ('apply_changes', 'employee_version', 'select, insert, update, delete'),
  ('apply_changes', 'employee_watermark', 'select, update'),
  ('apply_changes', 'employee_snapshot_end', 'select, insert, delete'),
  ('apply_changes', 'applied_offset', 'select, insert, update'),
  ('apply_changes', 'target_refusal', 'select, insert, update'),
  ('apply_changes', 'tombstone_clock', 'select, update'),
  ('apply_changes', 'pipeline_tick', 'select, insert, update'),
  -- It looks for what is missing, thins the history, and measures levels. The time of a migration is the age of what was
  -- never verified.
  ('watch_replica', 'applied_offset', 'select, insert, update'),
  ('watch_replica', 'employee_watermark', 'select'),
  ('watch_replica', 'ingested_file', 'select, update'),
  ('watch_replica', 'pipeline_tick', 'select, insert, update, delete'),
  ('watch_replica', 'dead_letter', 'select'),
  ('watch_replica', 'dead_letter_count', 'select'),
  ('watch_replica', 'salary_check', 'select'),
  ('watch_replica', 'replica_agreement', 'select'),
  ('watch_replica', '_private_migration', 'select'),
  ('index_dead_letters', 'dead_letter', 'select, insert, update'),
  ('index_dead_letters', 'dead_letter_count', 'select, insert, update'),
  ('index_dead_letters', 'ingested_key', 'select'),
  ('index_dead_letters', 'ingested_file', 'select'),
  -- It moves dead letters from state to state, opens rejected files again, and looks whether a row or change arrived.
  ('redrive', 'redrive', 'select, insert, update, delete'),
  ('redrive', 'dead_letter', 'select, update, delete'),
  ('redrive', 'dead_letter_count', 'select, insert, update'),
  ('redrive', 'ingested_key', 'select, update'),
  ('redrive', 'ingested_file', 'select, update'),
  ('redrive', 'department_employee', 'select'),
  ('redrive', 'applied_offset', 'select'),
  ('redrive', 'employee_watermark', 'select'),
  -- A repair loads files again, deletes the rows of versions that were replaced, and computes totals again.
  ('verify_replica', 'employees', 'select'),
  ('verify_replica', 'employee_version', 'select'),
  ('verify_replica', 'employee_watermark', 'select'),
  ('verify_replica', 'dead_letter', 'select'),
  ('verify_replica', 'replica_check', 'select, insert, update'),
  ('verify_replica', 'salary_check', 'select, insert, update'),
  ('verify_replica', 'ingested_key', 'select, update'),
  ('verify_replica', 'ingested_file', 'select, update'),
  ('verify_replica', 'department_employee', 'select, delete'),
  ('verify_replica', 'department_employee_salary', 'select, insert, update, delete'),
  ('verify_replica', 'refused_row', 'select, delete'),
  -- It only reads.
  ('dashboard', 'department_employee_salary', 'select'),
  ('dashboard', 'ingested_file', 'select'),
  ('dashboard', 'dead_letter', 'select'),
  ('dashboard', 'dead_letter_count', 'select'),
  ('dashboard', 'redrive', 'select'),
  ('dashboard', 'pipeline_tick', 'select'),
  ('dashboard', 'replica_check', 'select'),
  ('dashboard', 'salary_check', 'select')
) as grants (role, object, privileges)
