import type { FileArrival } from '../../functions/core/ingestion.ts';
import type { ListedObject } from '../../functions/ports/bucket-listing.ts';
import type { UnfinishedFiles } from '../../functions/ports/unfinished-files.ts';
import type { IngestedFile, InMemorySalaryDatabase } from './in-memory-salary-database.ts';

/** Finds the unfinished files of one bucket in a salary database in memory. */
export class InMemoryUnfinishedFiles implements UnfinishedFiles {
  readonly #database: InMemorySalaryDatabase;
  readonly #bucket: string;

  constructor(database: InMemorySalaryDatabase, bucket: string) {
    this.#database = database;
    this.#bucket = bucket;
  }

  async findUnreported(objects: readonly ListedObject[], olderThanMs: number): Promise<readonly ListedObject[]> {
    const putBefore = Date.now() - olderThanMs;
    return objects.filter((object) => object.lastModified.getTime() < putBefore && !this.#isAccountedFor(object));
  }

  async findStalled(staleAfterMs: number): Promise<readonly FileArrival[]> {
    const now = Date.now();
    return this.#files()
      .filter(({ state }) => state === 'loading')
      .filter(({ heartbeatAt, isEnded }) => now - heartbeatAt.getTime() > staleAfterMs * (isEnded ? 10 : 1))
      .sort((a, b) => a.heartbeatAt.getTime() - b.heartbeatAt.getTime())
      .map(({ arrival }) => arrival);
  }

  #isAccountedFor({ key, eTag, sizeBytes, lastModified }: ListedObject): boolean {
    return this.#files().some((file) => {
      const { arrival, state } = file;
      if (arrival.key !== key || arrival.eTag !== eTag || arrival.sizeBytes !== sizeBytes) return false;
      if (state === 'rejected') return file.startedAt >= lastModified;
      return state === 'loading' || (state === 'complete' && this.#database.isCurrent(file));
    });
  }

  #files(): IngestedFile[] {
    return [...this.#database.files.values()].filter(({ arrival }) => arrival.bucket === this.#bucket);
  }
}
