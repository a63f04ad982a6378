import { closest, distance } from 'fastest-levenshtein';

/** Longer distances are other words. */
const MAX_DISTANCE_SHARE = 0.45;
/** More names than these would make an error unreadable. */
const MAX_SHOWN_NAMES = 12;

/** The end of an error about an unknown name: the name that was probably meant, or all names. Case does not count. */
export function suggestionFor(unknown: string, names: readonly string[]): string {
  if (names.length === 0) return 'there are none';
  const byLowerCase = new Map(names.map((name) => [name.toLowerCase(), name]));
  const given = unknown.toLowerCase();
  const nearest = closest(given, [...byLowerCase.keys()]);
  const isNear = distance(given, nearest) <= Math.max(given.length, nearest.length) * MAX_DISTANCE_SHARE;
  if (isNear) return `did you mean ${byLowerCase.get(nearest) ?? nearest}?`;
  return names.length > MAX_SHOWN_NAMES ? 'no name resembles it' : `expected ${names.join(', ')}`;
}
