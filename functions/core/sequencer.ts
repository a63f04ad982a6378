/**
 * Compares the sequencers of two events of one object key: negative when `a` is older, 0 when both are the same event,
 * positive when `a` is newer. Sequencers of different keys cannot be compared.
 *
 * S3's sequencers are hexadecimal texts of different lengths. The shorter one is padded with zeros on its right.
 */
export function compareSequencers(a: string, b: string): number {
  const length = Math.max(a.length, b.length);
  const left = a.toUpperCase().padEnd(length, '0');
  const right = b.toUpperCase().padEnd(length, '0');
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
