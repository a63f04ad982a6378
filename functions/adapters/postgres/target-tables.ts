import type { TableShape } from './table-shape.ts';

const TIME = 'timestamp with time zone';

export const EMPLOYEES: TableShape = {
  table: 'employees',
  columns: {
    emp_id: 'integer',
    first_name: 'varchar(100)',
    last_name: 'varchar(100)',
    dob: 'date',
    city: 'varchar(100)',
    salary: 'integer',
  },
  key: ['emp_id'],
};

const REFUSALS: TableShape = {
  table: 'target_refusal',
  columns: {
    table_name: 'text',
    operation: 'text',
    rule: 'text',
    row_ids: 'text[]',
    accepted_at: TIME,
  },
  key: ['table_name', 'operation', 'rule'],
  required: 'all',
};

/** Every table that apply-changes uses. */
export const CHANGES_TABLES: readonly TableShape[] = [
  EMPLOYEES,
  REFUSALS,
  {
    table: 'applied_offset',
    columns: { topic: 'text', kafka_partition: 'integer', offsets: 'int8multirange' },
    key: ['topic', 'kafka_partition'],
    required: 'all',
  },
  {
    table: 'employee_version',
    columns: {
      emp_id: 'integer',
      epoch: 'bigint',
      change_id: 'bigint',
      deleted: 'boolean',
      applied_at: TIME,
    },
    key: ['emp_id'],
    required: 'all',
  },
  {
    table: 'tombstone_clock',
    columns: { only_row: 'boolean', shows_at: TIME, latest_at: TIME, moved_at: TIME },
    key: ['only_row'],
    required: 'all',
  },
  {
    table: 'employee_watermark',
    columns: {
      only_row: 'boolean',
      epoch: 'bigint',
      change_id: 'bigint',
      swept_until: 'bigint',
      sweep_refusal: 'text',
    },
    key: ['only_row'],
    required: 'all',
  },
  {
    table: 'employee_snapshot_end',
    columns: { epoch: 'bigint', kafka_partition: 'integer' },
    key: ['epoch', 'kafka_partition'],
    required: 'all',
  },
];

export const SALARY_ROWS: TableShape = {
  table: 'department_employee',
  columns: {
    department: 'varchar(200)',
    department_division: 'varchar(200)',
    position_title: 'varchar(200)',
    hire_date: 'date',
    salary: 'integer',
    file_id: 'bigint',
    row_number: 'integer',
  },
  key: ['file_id', 'row_number'],
  required: 'all',
};

export const SALARY_TOTALS: TableShape = {
  table: 'department_employee_salary',
  columns: { department: 'varchar(200)', total_salary: 'bigint', employee_count: 'bigint' },
  key: ['department'],
  required: 'all',
};

/** Every table that transform-csv, load-salaries and reconcile-bucket use, with the columns that they use. */
export const SALARIES_TABLES: readonly TableShape[] = [
  SALARY_ROWS,
  SALARY_TOTALS,
  REFUSALS,
  {
    table: 'ingested_key',
    columns: { bucket: 'text', key: 'text', current_file_id: 'bigint', latest_sequencer: 'text' },
    key: ['bucket', 'key'],
  },
  {
    table: 'ingested_file',
    columns: {
      file_id: 'bigint',
      ...{ bucket: 'text', key: 'text', version: 'text', version_id: 'text', sequencer: 'text', etag: 'text' },
      ...{ size_bytes: 'bigint', state: 'text', read: 'integer', filtered_out: 'integer', rejected: 'integer' },
      ...{ sent: 'integer', loaded: 'integer', refused: 'integer', end_recorded: 'boolean' },
      ...{
        heartbeat_at: TIME,
        started_at: TIME,
        finished_at: TIME,
        requested_at: TIME,
        begun_at: TIME,
        rows_lost_at: TIME,
      },
    },
    key: ['bucket', 'key', 'version'],
    required: 'all',
  },
  { table: 'refused_row', columns: { file_id: 'bigint', row_number: 'integer' }, key: ['file_id', 'row_number'] },
];
