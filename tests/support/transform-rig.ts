import type { FileArrival, FileState } from '../../functions/core/ingestion.ts';
import { decodeSalaryRecord, type FileVersion, type SalaryRecord } from '../../functions/core/salary-record.ts';
import { SALARIES_TOPIC } from '../../functions/core/topics.ts';
import { type Checkpoint, continuationEventShape } from '../../functions/transform-csv/checkpoint.ts';
import { CsvTransformer, type TransformOutcome } from '../../functions/transform-csv/csv-transformer.ts';
import { InMemoryBucket } from './in-memory-bucket.ts';
import { InMemoryDeadLetterQueue } from './in-memory-dead-letter-queue.ts';
import { InMemoryFunctionInvoker } from './in-memory-function-invoker.ts';
import { InMemoryIngestionLedger } from './in-memory-ingestion-ledger.ts';
import { InMemoryObjectStore } from './in-memory-object-store.ts';
import { InMemoryRecordPublisher } from './in-memory-record-publisher.ts';
import { InMemorySalaryDatabase } from './in-memory-salary-database.ts';

export const KEY = 'employees.csv';

/** A transformer on ports in memory, with a clock and a deadline that the test moves. */
export class TransformRig {
  readonly bucket = new InMemoryBucket('salaries');
  readonly store = new InMemoryObjectStore(this.bucket);
  readonly database = new InMemorySalaryDatabase();
  readonly ledger = new InMemoryIngestionLedger(this.database);
  readonly publisher = new InMemoryRecordPublisher({ [SALARIES_TOPIC]: 1 });
  readonly deadLetters = new InMemoryDeadLetterQueue();
  readonly transformCsv = new InMemoryFunctionInvoker();
  readonly logged: { readonly message: string; readonly context: object }[] = [];
  nowMs = 0;
  remainingMs = 900_000;
  readonly #transformer: CsvTransformer;
  #putCount = 0;

  constructor() {
    const log = (message: string, context: object) => {
      this.logged.push({ message, context });
    };
    this.#transformer = new CsvTransformer({
      store: this.store,
      ledger: this.ledger,
      publisher: this.publisher,
      deadLetters: this.deadLetters,
      transformCsv: this.transformCsv,
      logger: { debug: log, info: log, warn: log },
      clock: { monotonicMs: () => this.nowMs, sleep: async () => {} },
      filter: { departments: new Set(['ECC', 'CIT', 'EMS']), hiredSince: '2010-01-01' },
      marginMs: 30_000,
    });
  }

  /** Puts an object, and returns its version as its event describes it. Later puts have greater sequencers. */
  put(content: string | Buffer, changes: Partial<FileArrival> = {}): FileArrival {
    this.#putCount += 1;
    const { eTag, bytes } = this.bucket.put(KEY, content);
    const sequencer = this.#putCount.toString(16).padStart(16, '0');
    const arrival = { bucket: 'salaries', key: KEY, versionId: null, sequencer, eTag, sizeBytes: bytes.length };
    return { version: sequencer, ...arrival, ...changes };
  }

  /** Puts an object and transforms it. */
  transformContent(content: string | Buffer): Promise<TransformOutcome> {
    return this.transform(this.put(content));
  }

  /** Transforms a version from its event on. */
  transform(arrival: FileArrival): Promise<TransformOutcome> {
    return this.resume({ phase: 'begin', arrival });
  }

  resume(checkpoint: Checkpoint): Promise<TransformOutcome> {
    const deadline = { remainingMs: () => this.remainingMs };
    return this.#transformer.transform(checkpoint, deadline);
  }

  /** The salary records on the topic, in order. */
  get sent(): SalaryRecord[] {
    return this.publisher.recordsOf(SALARIES_TOPIC).map(({ value }) => decodeSalaryRecord(Buffer.from(String(value))));
  }

  /** Totals by department of the salary records on the topic, each row counted once. */
  get totals(): Record<string, number> {
    const rows = new Map(this.sent.map((record) => [JSON.stringify([record.version, record.rowNumber]), record]));
    const totals: Record<string, number> = {};
    for (const { department, salary } of rows.values()) totals[department] = (totals[department] ?? 0) + salary;
    return totals;
  }

  /** The checkpoints of the invocations that were started. */
  get continuations(): Checkpoint[] {
    return this.transformCsv.events.map((event) => continuationEventShape.parse(event).checkpoint);
  }

  stateOf(version: FileVersion): FileState {
    return this.database.file(version).state;
  }
}
