import type { Employee } from '../../core/employee-change.ts';

/** The columns of a stored row as they are read. All are `null` without a row. */
export interface StoredColumns {
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly dob: string | null;
  readonly city: string | null;
  readonly salary: number | null;
}

/** For the innermost query: the table may have further columns of any name. */
export const STORED_NAMES = ['emp_id', 'first_name', 'last_name', 'dob', 'city', 'salary']
  .map((column) => `stored.${column}`)
  .join(', ');

export const STORED_COLUMNS = `stored.first_name as "firstName", stored.last_name as "lastName", stored.dob::text as dob,
  stored.city, stored.salary`;

export function storedEmployee(empId: number, { firstName, lastName, dob, city, salary }: StoredColumns): Employee {
  return { empId, firstName, lastName, dob, city, salary };
}

/** The columns of an image without the key, in the order of `IMAGE_FIELDS`. */
export type ImageFields = readonly [
  firstName: string | null,
  lastName: string | null,
  dob: string | null,
  city: string | null,
  salary: number | null,
];

/** The columns of a change as a JSON array. It costs more than columns, so it is for the few images that differ. */
export const IMAGE_FIELDS = (table: string) =>
  `json_build_array(${table}.first_name, ${table}.last_name, ${table}.dob::text, ${table}.city, ${table}.salary)`;

export function imagedEmployee(empId: number, [firstName, lastName, dob, city, salary]: ImageFields): Employee {
  return { empId, firstName, lastName, dob, city, salary };
}

/** Whether two rows have the same values beside the key. */
export const HAVE_SAME_VALUES = (a: string, b: string) => `(${VALUES(a)}) is not distinct from (${VALUES(b)})`;

const VALUES = (table: string) =>
  ['first_name', 'last_name', 'dob', 'city', 'salary'].map((column) => `${table}.${column}`).join(', ');
