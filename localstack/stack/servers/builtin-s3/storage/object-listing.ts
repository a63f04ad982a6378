import type { ObjectIndex, StoredObject } from './object-index.ts';

/** A page of a listing: objects and, with a delimiter, the common prefixes of others, in the order of UTF-8 bytes. */
export interface ListedPage {
  readonly objects: readonly StoredObject[];
  readonly prefixes: readonly string[];
  /** The name after which the next page begins. Undefined: this is the last page. */
  readonly next: string | undefined;
}

export interface ListOptions {
  readonly bucket: string;
  readonly prefix: string;
  /** Empty: none. */
  readonly delimiter: string;
  /** The listing begins after this key or common prefix. */
  readonly after: string;
  readonly maxCount: number;
}

/** Greater than every byte of UTF-8. */
const BEYOND = Buffer.from([0xff]);
/** Appended to a key, it makes the next key in the order of bytes. */
const NEXT = Buffer.from([0]);

export function listObjects(
  index: ObjectIndex,
  { bucket, prefix, delimiter, after, maxCount }: ListOptions,
): ListedPage {
  index.requireBucket(bucket);
  const objects: StoredObject[] = [];
  const prefixes: string[] = [];
  let last: string | undefined;
  const end = Buffer.concat([Buffer.from(prefix), BEYOND]);
  let from: Buffer | undefined = startOf(prefix, after, commonPrefix(after, prefix, delimiter));
  while (from !== undefined) {
    const begin: Buffer = from;
    from = undefined;
    for (const object of index.range(bucket, begin, end)) {
      if (objects.length + prefixes.length >= maxCount) return { objects, prefixes, next: last };
      const common = commonPrefix(object.key, prefix, delimiter);
      last = common ?? object.key;
      if (common === undefined) {
        objects.push(object);
        continue;
      }
      prefixes.push(common);
      // Goes on after the last key with this prefix.
      from = Buffer.concat([Buffer.from(common), BEYOND]);
      break;
    }
  }
  return { objects, prefixes, next: undefined };
}

/** The part of the key up to the first delimiter after the prefix. */
function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '' || !key.startsWith(prefix)) return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

function startOf(prefix: string, after: string, common: string | undefined): Buffer {
  // A page that ended with a common prefix has listed all keys that start with it.
  if (common !== undefined) return Buffer.concat([Buffer.from(common), BEYOND]);
  const next = after === '' ? NEXT : Buffer.concat([Buffer.from(after), NEXT]);
  return Buffer.compare(next, Buffer.from(prefix)) > 0 ? next : Buffer.from(prefix);
}
