/**
 * How new the image of an employee is: first the snapshot that it belongs to, then the change within.
 *
 * The epoch is the source's clock in milliseconds when the snapshot began; every change after it carries it.
 */
export interface Version {
  readonly epoch: bigint;
  readonly changeId: bigint;
}

export const GREATEST_BIGINT = 9_223_372_036_854_775_807n;

/** Negative when `a` is older, 0 when they are the same, positive when `a` is newer. */
export function compareVersions(a: Version, b: Version): number {
  if (a.epoch !== b.epoch) return a.epoch < b.epoch ? -1 : 1;
  return a.changeId === b.changeId ? 0 : a.changeId < b.changeId ? -1 : 1;
}

/** The greatest version that is older than everything of an epoch. */
export function lastVersionBefore(epoch: bigint): Version {
  return { epoch: epoch - 1n, changeId: GREATEST_BIGINT };
}
