/** An object of a listing; one version of it in a bucket that keeps versions. */
export interface ListedObject {
  readonly key: string;
  readonly eTag: string;
  /** Milliseconds since 1970. */
  readonly lastModified: number;
  readonly size: number;
  /** Absent: the bucket keeps no versions. */
  readonly versionId?: string;
  readonly deleteMarker?: boolean;
}

/** Id of the version of a key that was put before the bucket kept versions, or while it was suspended. A PUT replaces it. */
export const NULL_VERSION = 'null';

/** Identifies the content of an object among all contents that its key has had. */
export function markOf({ versionId = NULL_VERSION, eTag, lastModified }: ListedObject): string {
  return versionId === NULL_VERSION ? `${eTag}@${lastModified}` : `v:${versionId}`;
}
