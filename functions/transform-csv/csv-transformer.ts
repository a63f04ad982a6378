import { InputError } from '../core/errors.ts';
import type { FileArrival, FileState, RowCounts } from '../core/ingestion.ts';
import type { SalaryFilter } from '../core/salary-rules.ts';
import { FileGoneError } from '../csv/file-gone-error.ts';
import { readRowBatches } from '../csv/row-reader.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeadLetterQueue } from '../ports/dead-letter-queue.ts';
import type { Deadline } from '../ports/deadline.ts';
import type { FunctionInvoker } from '../ports/function-invoker.ts';
import type { IngestionLedger } from '../ports/ingestion-ledger.ts';
import type { Logger } from '../ports/logger.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RecordPublisher } from '../ports/record-publisher.ts';
import { type Checkpoint, continuationEvent, type SendCheckpoint, type ValidationCheckpoint } from './checkpoint.ts';
import { ProgressCheck } from './progress-check.ts';
import { RowSender } from './row-sender.ts';
import { validateBatch } from './validate-batch.ts';

export interface CsvTransformerDependencies {
  readonly store: ObjectStore;
  readonly ledger: IngestionLedger;
  readonly publisher: RecordPublisher;
  readonly deadLetters: DeadLetterQueue;
  /** Invokes this same function. */
  readonly transformCsv: FunctionInvoker;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly filter: SalaryFilter;
  /** Time reserved at the end of an invocation; see `ProgressCheck`. */
  readonly marginMs: number;
}

/** What one invocation achieved for a file. */
export interface TransformOutcome {
  /** `continued`: another invocation continues with the file. */
  readonly state: FileState | 'continued';
  readonly counts: RowCounts;
}

const NO_ROWS: RowCounts = { read: 0, filteredOut: 0, rejected: 0, sent: 0 };

/**
 * Transforms one version of a file into records on topic `employee-salaries`, in two passes. The first validates the
 * whole file. Then the version replaces the previous one of its key, and the second pass publishes the rows.
 *
 * Safe to run twice, also at the same time. A row is identified by its version and number, and the counts depend only on
 * the file and the position. So an invocation that dies after it started the next one, but before it returned, costs a
 * second run of the same part and changes nothing, except that dead letters may be repeated.
 */
export class CsvTransformer {
  readonly #deps: CsvTransformerDependencies;

  constructor(dependencies: CsvTransformerDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Runs from a checkpoint to the end of the file, or until the time of the invocation runs short.
   *
   * @throws a transient error; the same checkpoint may then be tried again.
   */
  async transform(checkpoint: Checkpoint, deadline: Deadline): Promise<TransformOutcome> {
    const { ledger, store } = this.#deps;
    const { arrival } = checkpoint;
    const counts = checkpoint.phase === 'send' ? checkpoint.counts : NO_ROWS;
    const state =
      checkpoint.phase === 'begin'
        ? await ledger.register(arrival, () => store.isLatest(arrival))
        : await ledger.reportProgress(arrival, counts);
    if (state !== 'loading') return { state, counts };
    const progress = new ProgressCheck({ ...this.#deps, file: arrival, deadline });
    try {
      if (checkpoint.phase === 'send') return await this.#send(checkpoint, progress);
      const start: ValidationCheckpoint =
        checkpoint.phase === 'judge'
          ? checkpoint
          : { phase: 'judge', arrival, byteOffset: 0, line: 1, columns: null, firstRow: null };
      return await this.#validate(start, progress);
    } catch (error) {
      if (!(error instanceof FileGoneError)) throw error;
      await ledger.supersede(arrival);
      return { state: 'superseded', counts };
    }
  }

  /** Starts or continues a file in an invocation of its own. Resolves when Lambda has queued it. */
  async continueInNewInvocation(checkpoint: Checkpoint): Promise<void> {
    await this.#deps.transformCsv.invokeAsync(continuationEvent(checkpoint));
  }

  /** The first pass. A file that it finds unusable is rejected as a whole. */
  async #validate(start: ValidationCheckpoint, progress: ProgressCheck): Promise<TransformOutcome> {
    const { ledger, store } = this.#deps;
    const { arrival } = start;
    let checkpoint = start;
    try {
      for await (const batch of readRowBatches(store, arrival, start)) {
        checkpoint = validateBatch(checkpoint, batch);
        const step = await progress.nextStep(NO_ROWS);
        if (step === 'continue-later') return await this.#continueLater(checkpoint, NO_ROWS);
        if (step !== 'continue') return { state: step, counts: NO_ROWS };
      }
      if (checkpoint.columns === null || checkpoint.firstRow === null) {
        throw new InputError('PIPE_FILE_EMPTY', 'expected a CSV file with a header, got a file without any row');
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return await this.#reject(arrival, error);
    }
    const { columns, firstRow } = checkpoint;
    const state = await ledger.takeOver(arrival, () => store.isLatest(arrival));
    if (state !== 'loading') return { state, counts: NO_ROWS };
    return await this.#send({ phase: 'send', arrival, columns, ...firstRow, counts: NO_ROWS }, progress);
  }

  /** The second pass. The version is pinned, so a file that was usable in the first pass still is. */
  async #send(start: SendCheckpoint, progress: ProgressCheck): Promise<TransformOutcome> {
    const { ledger, store } = this.#deps;
    const { arrival } = start;
    const sender = new RowSender({ ...this.#deps, ...start, file: arrival });
    try {
      for await (const batch of readRowBatches(store, arrival, start)) {
        if (batch.fault) {
          throw new Error(
            `expected version ${arrival.version} of ${arrival.key} to be the file that was validated, got other bytes`,
            { cause: batch.fault },
          );
        }
        await sender.send(batch);
        const step = await progress.nextStep(sender.counts);
        if (step === 'continue') continue;
        await sender.drain();
        const { counts } = sender;
        return step === 'continue-later'
          ? await this.#continueLater({ ...start, ...batch.next, counts }, counts)
          : { state: step, counts };
      }
      await sender.drain();
    } finally {
      await sender.settle();
    }
    return { state: await ledger.finish(arrival, sender.counts), counts: sender.counts };
  }

  async #continueLater(checkpoint: Checkpoint, counts: RowCounts): Promise<TransformOutcome> {
    await this.continueInNewInvocation(checkpoint);
    return { state: 'continued', counts };
  }

  /** Publishes the dead letter first, because it may be repeated, but a rejected file must have one. */
  async #reject(arrival: FileArrival, fault: InputError): Promise<TransformOutcome> {
    const { bucket, key, version } = arrival;
    const { line } = fault.context;
    await this.#deps.deadLetters.publish([
      {
        code: fault.code,
        reason: fault.message,
        origin: { bucket, key, version, ...(typeof line === 'number' && { line }) },
        payload: null,
      },
    ]);
    await this.#deps.ledger.reject(arrival);
    this.#deps.logger.warn('file rejected', { bucket, key, version, code: fault.code });
    return { state: 'rejected', counts: NO_ROWS };
  }
}
