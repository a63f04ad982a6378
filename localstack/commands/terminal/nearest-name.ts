import { closest, distance } from 'fastest-levenshtein';

/** Longer distances are other words. */
const MAX_DISTANCE_SHARE = 0.4;

/** The name that the user probably meant; `undefined` when none resembles it. Case does not count. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  if (names.length === 0 || given === '') return undefined;
  const byLowerCase = new Map(names.map((name) => [name.toLowerCase(), name]));
  const nearest = closest(given.toLowerCase(), [...byLowerCase.keys()]);
  const isNear = distance(given.toLowerCase(), nearest) <= Math.max(given.length, nearest.length) * MAX_DISTANCE_SHARE;
  return isNear ? byLowerCase.get(nearest) : undefined;
}
