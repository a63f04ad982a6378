import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { S3Error } from '../protocol/s3-error.ts';
import { type Blob, BlobDirectory } from './blob-directory.ts';
import { IndexDatabase } from './index-database.ts';
import { type Condition, ObjectIndex, type StoredObject } from './object-index.ts';
import { UploadIndex } from './upload-index.ts';

/**
 * Buckets and objects on the disk. An object exists when the index names its blobs. They are on the disk before that, so
 * that a crash at any moment leaves each key with its old or its new object, whole.
 */
export class ObjectStore {
  readonly objects: ObjectIndex;
  readonly uploads: UploadIndex;
  readonly blobs: BlobDirectory;
  readonly #database: IndexDatabase;

  constructor(directory: string) {
    this.blobs = new BlobDirectory(join(directory, 'blobs'));
    this.#database = new IndexDatabase(join(directory, 'index.db'));
    this.objects = new ObjectIndex(this.#database);
    this.uploads = new UploadIndex(this.#database, this.objects);
    this.blobs.removeAllBut(this.objects.blobNames());
  }

  close(): void {
    this.#database.close();
  }

  async put(
    bucket: string,
    key: string,
    object: { readonly body: AsyncIterable<Buffer>; readonly headers: Readonly<Record<string, string>> },
    condition: Condition,
  ): Promise<StoredObject> {
    condition(this.objects.find(bucket, key));
    return this.storing(object.body, (blob, md5) => {
      const entry = { blobs: [blob], eTag: md5.toString('hex'), headers: object.headers };
      const { stored, replaced } = this.objects.put(bucket, key, entry, condition);
      this.blobs.remove(replaced);
      return stored;
    });
  }

  /** Writes a blob and lets `record` name it in the index. The blob is removed when that throws. */
  async storing<Result>(body: AsyncIterable<Buffer>, record: (blob: Blob, md5: Buffer) => Result): Promise<Result> {
    const { blob, md5 } = await this.blobs.write(body);
    try {
      return record(blob, md5);
    } catch (error) {
      this.blobs.remove([blob]);
      throw error;
    }
  }

  /** @throws {S3Error} when the key has no object. */
  require(bucket: string, key: string): StoredObject {
    const object = this.objects.find(bucket, key);
    if (object === undefined) throw new S3Error('NoSuchKey', 'Expected an object, but the key has none.');
    return object;
  }

  read({ blobs, size }: StoredObject, start = 0, end = size - 1): Readable {
    return this.blobs.read(blobs, start, end);
  }
}
