import type { TableShape } from './table-shape.ts';

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

/** Every table that apply-changes uses. */
export const CHANGES_TABLES: readonly TableShape[] = [
  EMPLOYEES,
  {
    table: 'employee_version',
    columns: {
      emp_id: 'integer',
      epoch: 'bigint',
      change_id: 'bigint',
      deleted: 'boolean',
      applied_at: 'timestamp with time zone',
    },
    key: ['emp_id'],
    required: 'all',
  },
  {
    table: 'employee_watermark',
    columns: { only_row: 'boolean', epoch: 'bigint', change_id: 'bigint' },
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
