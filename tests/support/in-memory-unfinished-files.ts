import { type FileArrival, RETRY_WINDOW_FACTOR } from '../../functions/core/ingestion.ts';
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

  async queueDelayMs(withinMs: number): Promise<number> {
    const delays = this.#files().flatMap(({ requestedAt, begunAt }) =>
      requestedAt !== null && begunAt !== null && Date.now() - begunAt.getTime() < withinMs
        ? [begunAt.getTime() - requestedAt.getTime()]
        : [],
    );
    return Math.max(0, ...delays);
  }

  async findUnreported(objects: readonly ListedObject[], olderThanMs: number): Promise<readonly ListedObject[]> {
    const putBefore = Date.now() - olderThanMs;
    const isDue = ({ lastModified }: ListedObject) => lastModified.getTime() < putBefore || isInFuture(lastModified);
    return objects.filter((object) => isDue(object) && !this.#isAccountedFor(object));
  }

  async findStalled(staleAfterMs: number): Promise<readonly FileArrival[]> {
    const now = Date.now();
    return this.#files()
      .filter(({ state }) => state === 'loading')
      .filter(
        (file) => isInFuture(file.heartbeatAt) || now - file.heartbeatAt.getTime() > staleAfterMs * patienceFor(file),
      )
      .sort((a, b) => a.heartbeatAt.getTime() - b.heartbeatAt.getTime())
      .map(({ arrival }) => arrival);
  }

  async recordRequest(arrival: FileArrival, staleAfterMs: number): Promise<void> {
    const now = new Date();
    const known = this.#database.findFile(arrival);
    if (known === undefined) this.#database.addFile(arrival, 'loading');
    else if (known.state !== 'loading') return;
    else if (!isInFuture(known.heartbeatAt) && now.getTime() - known.heartbeatAt.getTime() < staleAfterMs) return;
    Object.assign(this.#database.file(arrival), { heartbeatAt: now, requestedAt: now, begunAt: null });
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

function isInFuture(date: Date): boolean {
  return date.getTime() > Date.now() + 5 * 60_000;
}

function patienceFor({ isEnded, requestedAt, begunAt }: IngestedFile): number {
  if (isEnded) return 10;
  return requestedAt !== null && begunAt === null ? RETRY_WINDOW_FACTOR : 1;
}
