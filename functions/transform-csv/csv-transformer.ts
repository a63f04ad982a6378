import { InputError } from '../core/errors.ts';
import type { FileArrival, FileState, RowCounts } from '../core/ingestion.ts';
import { findSalaryColumns } from '../core/salary-columns.ts';
import type { SalaryFilter } from '../core/salary-rules.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeadLetterQueue } from '../ports/dead-letter-queue.ts';
import type { Deadline } from '../ports/deadline.ts';
import type { FunctionInvoker } from '../ports/function-invoker.ts';
import type { IngestionLedger } from '../ports/ingestion-ledger.ts';
import type { Logger } from '../ports/logger.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RecordPublisher } from '../ports/record-publisher.ts';
import { type Checkpoint, continuationEvent, type JudgeCheckpoint, type SendCheckpoint } from './checkpoint.ts';
import { parseHeader } from './csv-rows.ts';
import { FileGone, readRecords } from './file-reader.ts';
import { Pacer } from './pacer.ts';
import type { RecordBatch } from './record-scanner.ts';
import { RowSender } from './row-sender.ts';

export interface CsvTransformerDependencies {
  readonly store: ObjectStore;
  readonly ledger: IngestionLedger;
  readonly publisher: RecordPublisher;
  readonly deadLetters: DeadLetterQueue;
  /** Invokes this same function. */
  readonly transformCsv: FunctionInvoker;
  readonly logger: Logger;
  readonly filter: SalaryFilter;
  /** Least time that must remain for an invocation to go on; see `Pacer`. */
  readonly marginMs: number;
  readonly clock: Clock;
}

/** What one invocation brought a file to. `continued`: another invocation goes on with it. */
export interface TransformOutcome {
  readonly state: FileState | 'continued';
  readonly counts: RowCounts;
}

const NO_ROWS: RowCounts = { read: 0, filteredOut: 0, rejected: 0, sent: 0 };

/**
 * Takes one version of a file from the bucket to the topic in two passes: the first judges the whole file, the second
 * sends its rows, and only between the two does the version replace the one before it.
 *
 * Safe to run twice, also at the same time: a row's identity is its version and number, whoever sends it, and the
 * counts depend on the file and the position alone. So an invocation that dies between handing over to the next one and
 * its own return costs a second run of the same part and changes nothing; only dead letters may come twice.
 */
export class CsvTransformer {
  readonly #deps: CsvTransformerDependencies;

  constructor(dependencies: CsvTransformerDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Goes on from a checkpoint, to the end of the file or until the time runs short.
   *
   * @throws when the world is broken; the same checkpoint may then be tried again.
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
    const pacer = new Pacer({ ...this.#deps, file: arrival, deadline });
    try {
      if (checkpoint.phase === 'send') return await this.#send(checkpoint, pacer);
      const start: JudgeCheckpoint =
        checkpoint.phase === 'judge'
          ? checkpoint
          : { phase: 'judge', arrival, byteOffset: 0, line: 1, columns: null, firstRow: null };
      return await this.#judge(start, pacer);
    } catch (error) {
      if (!(error instanceof FileGone)) throw error;
      await ledger.supersede(arrival);
      return { state: 'superseded', counts };
    }
  }

  /** The first pass. A file that it finds unusable is rejected as a whole. */
  async #judge(start: JudgeCheckpoint, pacer: Pacer): Promise<TransformOutcome> {
    const { ledger, store } = this.#deps;
    const { arrival } = start;
    let checkpoint = start;
    try {
      for await (const batch of readRecords(store, arrival, start)) {
        checkpoint = judgeBatch(checkpoint, batch);
        const pace = await pacer.next(NO_ROWS);
        if (pace === 'hand over') return await this.#continue(checkpoint, NO_ROWS);
        if (pace !== 'go on') return { state: pace, counts: NO_ROWS };
      }
      if (checkpoint.columns === null || checkpoint.firstRow === null) {
        throw new InputError('PIPE_FILE_EMPTY', 'expected a CSV file with a header, got a file without any record');
      }
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return await this.#reject(arrival, error);
    }
    const { columns, firstRow } = checkpoint;
    const state = await ledger.takeOver(arrival, () => store.isLatest(arrival));
    if (state !== 'loading') return { state, counts: NO_ROWS };
    return await this.#send({ phase: 'send', arrival, columns, ...firstRow, counts: NO_ROWS }, pacer);
  }

  /** The second pass. What the first one found usable cannot be found unusable now: the version is pinned. */
  async #send(start: SendCheckpoint, pacer: Pacer): Promise<TransformOutcome> {
    const { ledger, store } = this.#deps;
    const { arrival } = start;
    const sender = new RowSender({ ...this.#deps, ...start, file: arrival });
    try {
      for await (const batch of readRecords(store, arrival, start)) {
        if (batch.fault) {
          throw new Error(`version ${arrival.version} of ${arrival.key} has other bytes than before`, {
            cause: batch.fault,
          });
        }
        await sender.send(batch);
        const pace = await pacer.next(sender.counts);
        if (pace === 'go on') continue;
        await sender.drain();
        const { counts } = sender;
        return pace === 'hand over'
          ? await this.#continue({ ...start, ...batch.next, counts }, counts)
          : { state: pace, counts };
      }
      await sender.drain();
    } finally {
      await sender.settle();
    }
    return { state: await ledger.finish(arrival, sender.counts), counts: sender.counts };
  }

  /** Leaves the next step of a file to an invocation of its own. */
  async handOver(checkpoint: Checkpoint): Promise<void> {
    await this.#deps.transformCsv.invokeAsync(continuationEvent(checkpoint));
  }

  async #continue(checkpoint: Checkpoint, counts: RowCounts): Promise<TransformOutcome> {
    await this.handOver(checkpoint);
    return { state: 'continued', counts };
  }

  /** The letter first: a file may be dead-lettered twice, but is never rejected without a letter. */
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

/**
 * How far judging is after a batch.
 *
 * @throws InputError when the file is unusable.
 */
function judgeBatch(checkpoint: JudgeCheckpoint, batch: RecordBatch): JudgeCheckpoint {
  let { columns, firstRow } = checkpoint;
  if (columns === null && batch.starts.length > 0) {
    columns = findSalaryColumns(parseHeader(batch));
    const [, start] = batch.starts;
    const [, line] = batch.lines;
    firstRow = start === undefined || line === undefined ? batch.next : { byteOffset: batch.byteOffset + start, line };
  }
  if (batch.fault) throw batch.fault;
  return { ...checkpoint, ...batch.next, columns, firstRow };
}
