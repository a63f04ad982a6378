export const MIN_INT32 = -2_147_483_648;
export const MAX_INT32 = 2_147_483_647;

/** Whether PostgreSQL's `integer` holds the value, and it is at least `minimum`. */
export function isInt32(value: unknown, minimum = MIN_INT32): value is number {
  return Number.isInteger(value) && (value as number) >= minimum && (value as number) <= MAX_INT32;
}
