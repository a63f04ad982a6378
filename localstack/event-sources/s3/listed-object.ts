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

/** Identifies the content of an object among all contents that its key has had. */
export function markOf(object: ListedObject): string {
  return object.versionId !== undefined ? `v:${object.versionId}` : `${object.eTag}@${object.lastModified}`;
}
