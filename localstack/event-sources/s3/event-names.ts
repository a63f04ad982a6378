import type { ListedObject } from './listed-object.ts';

/** Names of the events of listed objects: as the server has reported them, or else derived from the listing. */
export class EventNames {
  readonly #reported = new Map<string, string>();

  /** `eventName` has no `s3:` prefix. Only names of creations are kept: deletions are unambiguous in a listing. */
  report(key: string, eventName: string): void {
    if (eventName.startsWith('ObjectCreated:')) this.#reported.set(key, eventName);
  }

  /**
   * The name of the object's event. A reported name is used once, for the oldest unseen content of its key, and it is
   * forgotten when the key was deleted meanwhile.
   */
  take(object: ListedObject): string {
    const reported = this.#reported.get(object.key);
    this.#reported.delete(object.key);
    return object.deleteMarker === true || reported === undefined ? derivedName(object) : reported;
  }
}

/** The form of the ETag shows a multipart upload. A listing does not distinguish a POST or a COPY from a PUT. */
function derivedName({ deleteMarker, eTag }: ListedObject): string {
  if (deleteMarker === true) return 'ObjectRemoved:DeleteMarkerCreated';
  return /-\d+"?$/.test(eTag) ? 'ObjectCreated:CompleteMultipartUpload' : 'ObjectCreated:Put';
}
