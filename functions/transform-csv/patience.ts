import { classifyError } from '../core/classify-error.ts';
import { PipelineError } from '../core/errors.ts';
import type { FileArrival, FileState, RowCounts } from '../core/ingestion.ts';
import type { OutgoingRecord } from '../core/kafka-record.ts';
import type { FileVersion } from '../core/salary-record.ts';
import type { Clock } from '../ports/clock.ts';
import type { IngestionLedger } from '../ports/ingestion-ledger.ts';
import type { Logger } from '../ports/logger.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RecordPublisher } from '../ports/record-publisher.ts';
import { FileGone } from './file-reader.ts';

/**
 * A server that restarts, or fails over to a standby nearby, is back within it. Longer, with the last attempt behind
 * it, and the file's heartbeat would be missing for so long that it is taken for forsaken.
 */
const PATIENCE_MS = 40_000;
const WAIT_MS = { first: 250, longest: 4_000 };

interface PatienceOptions {
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Tries again what a server refuses that is away for a moment. Starting a file over costs its whole length and brings
 * its dead letters again; a single step may be repeated for nothing. What takes longer is left to the event source,
 * which has waits of minutes.
 */
export class Patience {
  readonly #options: PatienceOptions;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  async #keep<Answer>(step: string, attempt: () => Promise<Answer>): Promise<Answer> {
    const { logger, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    for (let waitMs = WAIT_MS.first; ; waitMs = Math.min(2 * waitMs, WAIT_MS.longest)) {
      try {
        return await attempt();
      } catch (error) {
        if (!mayPass(error) || clock.monotonicMs() - startedMs + waitMs > PATIENCE_MS) throw error;
        logger.warn('a step failed and is tried again', { step, waitMs, reason: reasonOf(error) });
        await clock.sleep(waitMs);
      }
    }
  }

  /** Each call of the ledger may be repeated: what is known already is answered. */
  ledger(ledger: IngestionLedger): IngestionLedger {
    return {
      register: (arrival: FileArrival, isLatest: () => Promise<boolean>): Promise<FileState> =>
        this.#keep('register', () => ledger.register(arrival, isLatest)),
      takeOver: (arrival: FileArrival, isLatest: () => Promise<boolean>): Promise<FileState> =>
        this.#keep('takeOver', () => ledger.takeOver(arrival, isLatest)),
      reportProgress: (file: FileVersion, counts: RowCounts): Promise<FileState> =>
        this.#keep('reportProgress', () => ledger.reportProgress(file, counts)),
      finish: (file: FileVersion, counts: RowCounts): Promise<FileState> =>
        this.#keep('finish', () => ledger.finish(file, counts)),
      reject: (file: FileVersion): Promise<void> => this.#keep('reject', () => ledger.reject(file)),
      supersede: (file: FileVersion): Promise<void> => this.#keep('supersede', () => ledger.supersede(file)),
    };
  }

  /** A body that breaks off is read on from where it broke off: the version is pinned, so its bytes are the same. */
  store(store: ObjectStore): ObjectStore {
    const open = (file: FileArrival, byteOffset: number) => this.#keep('open', () => store.open(file, byteOffset));
    return {
      open: async (file: FileArrival, byteOffset: number) => {
        const bytes = await open(file, byteOffset);
        return bytes === null ? null : readOn(file, bytes, byteOffset, open);
      },
      isLatest: (file: FileArrival): Promise<boolean> => this.#keep('isLatest', () => store.isLatest(file)),
    };
  }

  /** Records may be published again: a row has an identity, and a letter an origin. */
  publisher(publisher: RecordPublisher): RecordPublisher {
    return {
      publish: (topic: string, records: readonly OutgoingRecord[]): Promise<void> =>
        this.#keep('publish', () => publisher.publish(topic, records)),
    };
  }
}

/** @throws FileGone; the fault of the body when it breaks off before its first byte: then no reading on helps. */
async function* readOn(
  file: FileArrival,
  body: AsyncIterable<Uint8Array>,
  from: number,
  open: ObjectStore['open'],
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = body;
  let begin = from;
  let offset = from;
  for (;;) {
    try {
      for await (const chunk of bytes) {
        offset += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (classifyError(error) === 'permanent' || offset === begin) throw error;
    }
    const rest = await open(file, offset);
    if (rest === null) throw new FileGone(`version ${file.version} of ${file.key} went while it was read`);
    bytes = rest;
    begin = offset;
  }
}

/** What the bucket answers to a wrong request, a bucket that is not there for one, stays as it is. */
function mayPass(error: unknown): boolean {
  const isWrongRequest = error instanceof Error && '$fault' in error && error.$fault === 'client';
  const isForPeople = error instanceof PipelineError && error.retry === 'manual';
  return classifyError(error) === 'transient' && !isWrongRequest && !isForPeople;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
