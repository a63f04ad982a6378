/**
 * Tells which of two events of one object key is the newer one: negative when `a` is older, 0 when they are the same
 * event, positive when `a` is newer.
 *
 * S3's sequencers are hexadecimal texts of differing lengths that are compared from the left, the shorter one padded
 * with zeros on its right. They say nothing across keys.
 */
export function compareSequencers(a: string, b: string): number {
  const length = Math.max(a.length, b.length);
  const left = a.toUpperCase().padEnd(length, '0');
  const right = b.toUpperCase().padEnd(length, '0');
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
