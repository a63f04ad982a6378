import { S3Error } from '../protocol/s3-error.ts';
import type { Blob } from './blob-directory.ts';
import type { IndexDatabase, Row } from './index-database.ts';

/** An object, and where its bytes are. */
export interface StoredObject {
  readonly key: string;
  readonly blobs: readonly Blob[];
  readonly size: number;
  /** Without quotes. */
  readonly eTag: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** What the client gets back with the object, such as the content type and metadata. */
  readonly headers: Readonly<Record<string, string>>;
}

export type NewObject = Pick<StoredObject, 'blobs' | 'eTag' | 'headers'>;

/** Throws when the object may not be replaced or removed. */
export type Condition = (existing: StoredObject | undefined) => void;

/** Which buckets and objects there are. */
export class ObjectIndex {
  readonly #database: IndexDatabase;

  constructor(database: IndexDatabase) {
    this.#database = database;
  }

  buckets(): { name: string; created: number }[] {
    return this.#database.all('select name, created from bucket order by name') as { name: string; created: number }[];
  }

  createBucket(name: string): void {
    if (this.#hasBucket(name)) {
      throw new S3Error('BucketAlreadyOwnedByYou', `Expected a new bucket, but ${name} exists and is yours.`);
    }
    this.#database.run('insert into bucket values (?, ?)', name, Date.now());
  }

  /** @returns the blobs of its unfinished uploads. */
  deleteBucket(name: string): Blob[] {
    this.requireBucket(name);
    if (this.#database.get('select 1 from object where bucket = ? limit 1', name)) {
      throw new S3Error('BucketNotEmpty', `Expected an empty bucket, but ${name} has objects: delete them first.`);
    }
    const parts = this.#database.all(
      'select blob, size from part where upload in (select id from upload where bucket = ?)',
      name,
    );
    this.#database.run('delete from bucket where name = ?', name);
    return parts.map(readPartBlob);
  }

  /** @throws {S3Error} when the bucket does not exist. */
  requireBucket(name: string): void {
    if (!this.#hasBucket(name)) throw new S3Error('NoSuchBucket', `Expected an existing bucket, but found no ${name}.`);
  }

  #hasBucket(name: string): boolean {
    return this.#database.get('select 1 from bucket where name = ?', name) !== undefined;
  }

  /** A text that changes with the objects. */
  state(bucket: string): string {
    this.requireBucket(bucket);
    return this.#database.state;
  }

  find(bucket: string, key: string): StoredObject | undefined {
    this.requireBucket(bucket);
    const row = this.#database.get('select * from object where bucket = ? and key = ?', bucket, Buffer.from(key));
    return row && readStoredObject(row);
  }

  /** @returns the object as stored, and the blobs of the one that it replaced. */
  put(
    bucket: string,
    key: string,
    object: NewObject,
    condition: Condition,
  ): { stored: StoredObject; replaced: Blob[] } {
    const existing = this.find(bucket, key);
    condition(existing);
    const size = object.blobs.reduce((sum, blob) => sum + blob.size, 0);
    const stored = { ...object, key, size, modified: Date.now() };
    this.#database.run(
      'insert or replace into object values (?, ?, ?, ?, ?, ?, ?)',
      ...[bucket, Buffer.from(key), JSON.stringify(stored.blobs)],
      ...[size, stored.eTag, stored.modified, JSON.stringify(stored.headers)],
    );
    return { stored, replaced: [...(existing?.blobs ?? [])] };
  }

  /** @returns the blobs of the object, if there was one. */
  remove(bucket: string, key: string, condition: Condition = () => {}): Blob[] {
    const existing = this.find(bucket, key);
    condition(existing);
    if (existing === undefined) return [];
    this.#database.run('delete from object where bucket = ? and key = ?', bucket, Buffer.from(key));
    return [...existing.blobs];
  }

  /** The objects with these keys, in the order of their bytes, from `from` up to and without `to`. */
  *range(bucket: string, from: Buffer, to: Buffer): Generator<StoredObject> {
    const sql = 'select * from object where bucket = ? and key >= ? and key < ? order by key';
    for (const row of this.#database.iterate(sql, bucket, from, to)) yield readStoredObject(row);
  }

  /** The names of all blobs that an object or an unfinished upload has. */
  blobNames(): Set<string> {
    const objects = this.#database
      .all('select blobs from object')
      .flatMap(({ blobs }) => JSON.parse(blobs as string) as Blob[]);
    return new Set(
      [...objects, ...this.#database.all('select blob, size from part').map(readPartBlob)].map(({ name }) => name),
    );
  }
}

function readStoredObject(row: Row): StoredObject {
  const { key, blobs, size, etag, modified, headers } = row as Record<string, string> & { key: Uint8Array };
  return {
    key: Buffer.from(key).toString(),
    blobs: JSON.parse(blobs as string) as Blob[],
    ...{ size: Number(size), eTag: etag as string, modified: Number(modified) },
    headers: JSON.parse(headers as string) as Record<string, string>,
  };
}

export function readPartBlob({ blob, size }: Row): Blob {
  return { name: blob as string, size: size as number };
}
