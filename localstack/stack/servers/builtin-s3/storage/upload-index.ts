import { randomUUID } from 'node:crypto';
import { S3Error } from '../protocol/s3-error.ts';
import type { Blob } from './blob-directory.ts';
import type { IndexDatabase, Row } from './index-database.ts';
import { type Condition, type NewObject, type ObjectIndex, readPartBlob, type StoredObject } from './object-index.ts';

export interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Part {
  readonly number: number;
  readonly blob: Blob;
  /** Without quotes. */
  readonly eTag: string;
  readonly modified: number;
}

/** The multipart uploads under way and their parts. */
export class UploadIndex {
  readonly #database: IndexDatabase;
  readonly #objects: ObjectIndex;

  constructor(database: IndexDatabase, objects: ObjectIndex) {
    this.#database = database;
    this.#objects = objects;
  }

  /** @returns the id of the upload. */
  create(bucket: string, key: string, headers: Readonly<Record<string, string>>): string {
    this.#objects.requireBucket(bucket);
    const id = randomUUID();
    const values = [id, bucket, Buffer.from(key), Date.now(), JSON.stringify(headers)];
    this.#database.run('insert into upload values (?, ?, ?, ?, ?)', ...values);
    return id;
  }

  /** @throws {S3Error} when the key has no such upload. */
  require(bucket: string, key: string, id: string): Upload {
    this.#objects.requireBucket(bucket);
    const sql = 'select * from upload where id = ? and bucket = ? and key = ?';
    const row = this.#database.get(sql, id, bucket, Buffer.from(key));
    if (row !== undefined) return readUpload(row);
    throw new S3Error('NoSuchUpload', 'Expected an upload under way, but it was completed, aborted or never created.');
  }

  /** In the order of keys. */
  all(bucket: string): Upload[] {
    this.#objects.requireBucket(bucket);
    return this.#database.all('select * from upload where bucket = ? order by key, created', bucket).map(readUpload);
  }

  /** @returns the blob of the part that it replaced. */
  putPart(bucket: string, key: string, id: string, part: Omit<Part, 'modified'>): Blob[] {
    this.require(bucket, key, id);
    const { number, blob, eTag } = part;
    const replaced = this.#database.all('select * from part where upload = ? and number = ?', id, number);
    const values = [id, number, blob.name, blob.size, eTag, Date.now()];
    this.#database.run('insert or replace into part values (?, ?, ?, ?, ?, ?)', ...values);
    return replaced.map(readPartBlob);
  }

  /** In the order of their numbers. */
  parts(id: string): Part[] {
    return this.#database.all('select * from part where upload = ? order by number', id).map((row) => ({
      number: Number(row['number']),
      blob: readPartBlob(row),
      eTag: String(row['etag']),
      modified: Number(row['modified']),
    }));
  }

  /** Makes the object of the upload's parts. @returns it, and the blobs that nothing names any more. */
  complete(upload: Upload, object: NewObject, condition: Condition): { stored: StoredObject; unused: Blob[] } {
    return this.#database.transaction(() => {
      const used = new Set(object.blobs.map(({ name }) => name));
      const leftOver = this.parts(upload.id).filter(({ blob }) => !used.has(blob.name));
      const { stored, replaced } = this.#objects.put(upload.bucket, upload.key, object, condition);
      this.#database.run('delete from upload where id = ?', upload.id);
      return { stored, unused: [...replaced, ...leftOver.map(({ blob }) => blob)] };
    });
  }

  /** @returns the blobs of its parts. */
  abort(id: string): Blob[] {
    const blobs = this.parts(id).map(({ blob }) => blob);
    this.#database.run('delete from upload where id = ?', id);
    return blobs;
  }
}

function readUpload({ id, bucket, key, created, headers }: Row): Upload {
  return {
    ...{ id: String(id), bucket: String(bucket), created: Number(created) },
    key: Buffer.from(key as Uint8Array).toString(),
    headers: JSON.parse(String(headers)) as Record<string, string>,
  };
}
