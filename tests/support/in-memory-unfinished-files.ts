import { type FileArrival, RETRY_WINDOW_FACTOR } from '../../functions/core/ingestion.ts';
import type { FileVersion } from '../../functions/core/salary-record.ts';
import type { ListedObject } from '../../functions/ports/bucket-listing.ts';
import type { SentFile, UnfinishedFiles } from '../../functions/ports/unfinished-files.ts';
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
        (file) =>
          hasLostRows(file) ||
          isInFuture(file.heartbeatAt) ||
          now - file.heartbeatAt.getTime() > staleAfterMs * patienceFor(file),
      )
      .sort((a, b) => a.heartbeatAt.getTime() - b.heartbeatAt.getTime())
      .map(({ arrival }) => arrival);
  }

  async recordRequest(arrival: FileArrival, staleAfterMs: number): Promise<void> {
    const now = new Date();
    const known = this.#database.findFile(arrival);
    if (known === undefined) this.#database.addFile(arrival, 'loading');
    else if (known.state !== 'loading') return;
    else if (!isSilent(known, now, staleAfterMs) && !hasLostRows(known)) return;
    Object.assign(this.#database.file(arrival), { heartbeatAt: now, requestedAt: now, begunAt: null });
  }

  async findSent(): Promise<readonly SentFile[]> {
    return this.#files()
      .filter(({ state, isEnded }) => state === 'loading' && isEnded)
      .map((file) => ({ ...versionOf(file), hasLostRows: hasLostRows(file) }));
  }

  async recordLostRows(files: readonly FileVersion[], notWithinMs: number): Promise<readonly FileVersion[]> {
    const now = new Date();
    const recorded = files
      .map((version) => this.#database.findFile(version))
      .filter((file) => file !== undefined)
      .filter(({ state, isEnded }) => state === 'loading' && isEnded)
      .filter(({ rowsLostAt }) => rowsLostAt === null || now.getTime() - rowsLostAt.getTime() > notWithinMs);
    for (const file of recorded) file.rowsLostAt = now;
    return recorded.map(versionOf);
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

function versionOf({ arrival: { bucket, key, version } }: IngestedFile): FileVersion {
  return { bucket, key, version };
}

function hasLostRows({ rowsLostAt, requestedAt }: IngestedFile): boolean {
  return rowsLostAt !== null && (requestedAt === null || rowsLostAt > requestedAt);
}

function isSilent({ heartbeatAt }: IngestedFile, now: Date, staleAfterMs: number): boolean {
  return isInFuture(heartbeatAt) || now.getTime() - heartbeatAt.getTime() >= staleAfterMs;
}

function isInFuture(date: Date): boolean {
  return date.getTime() > Date.now() + 5 * 60_000;
}

function patienceFor({ isEnded, requestedAt, begunAt }: IngestedFile): number {
  if (isEnded) return 10;
  return requestedAt !== null && begunAt === null ? RETRY_WINDOW_FACTOR : 1;
}
