import type { Employee } from '../../core/employee-change.ts';

/** The columns of an employee without the key, in the order of `FIELDS`. */
export type EmployeeFields = readonly [
  firstName: string | null,
  lastName: string | null,
  dob: string | null,
  city: string | null,
  salary: number | null,
];

/** The columns of a row as a JSON array. */
export const FIELDS = (table: string) =>
  `json_build_array(${table}.first_name, ${table}.last_name, ${table}.dob::text, ${table}.city, ${table}.salary)`;

export function employeeOf(empId: number, [firstName, lastName, dob, city, salary]: EmployeeFields): Employee {
  return { empId, firstName, lastName, dob, city, salary };
}
