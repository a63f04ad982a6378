/** Orders the images of an employee: first by the snapshot that they belong to, then by the change. */
export interface Version {
  /** The source's clock in milliseconds when the snapshot began. Every later change carries it. */
  readonly epoch: bigint;
  /** `cdc_id` of the change. */
  readonly changeId: bigint;
}

/** The greatest value of PostgreSQL's `bigint`. */
export const MAX_INT64 = 9_223_372_036_854_775_807n;

/** Older than every version of a change. */
export const LOWEST_VERSION: Version = { epoch: -1n, changeId: -1n };

/** Negative when `a` is older, 0 when both are the same, positive when `a` is newer. */
export function compareVersions(a: Version, b: Version): number {
  if (a.epoch !== b.epoch) return a.epoch < b.epoch ? -1 : 1;
  return a.changeId === b.changeId ? 0 : a.changeId < b.changeId ? -1 : 1;
}

/** The greatest version that is older than every version of the epoch. */
export function lastVersionBefore(epoch: bigint): Version {
  return { epoch: epoch - 1n, changeId: MAX_INT64 };
}
