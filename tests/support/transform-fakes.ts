import type { DeadLetter } from '../../functions/core/dead-letter.ts';
import type { FileArrival, FileState, RowCounts } from '../../functions/core/ingestion.ts';
import type { OutgoingRecord } from '../../functions/core/kafka-record.ts';
import { decodeSalaryRecord, type FileVersion, type SalaryRecord } from '../../functions/core/salary-record.ts';
import { compareSequencers } from '../../functions/core/sequencer.ts';
import type { DeadLetterQueue } from '../../functions/ports/dead-letter-queue.ts';
import type { FunctionInvoker } from '../../functions/ports/function-invoker.ts';
import type { IngestionLedger } from '../../functions/ports/ingestion-ledger.ts';
import type { ObjectStore } from '../../functions/ports/object-store.ts';
import type { RecordPublisher } from '../../functions/ports/record-publisher.ts';
import type { Checkpoint } from '../../functions/transform-csv/checkpoint.ts';
import { continuationEventShape } from '../../functions/transform-csv/checkpoint.ts';
import { CsvTransformer, type TransformOutcome } from '../../functions/transform-csv/csv-transformer.ts';

/** A bucket in memory. Bytes come in chunks of any size; any read may be made to fail in the middle. */
export class FakeObjectStore implements ObjectStore {
  readonly objects = new Map<string, { readonly file: FileArrival; readonly bytes: Buffer }>();
  chunkBytes = 64 * 1024;
  /** The connection breaks behind this many bytes of the next read. */
  breaksAfterBytes: number | undefined;
  /** Called before each chunk. */
  onChunk: (byteOffset: number) => void | Promise<void> = () => {};
  readonly opened: number[] = [];

  put(file: FileArrival, bytes: Buffer): void {
    this.objects.set(file.key, { file, bytes });
  }

  async open(file: FileArrival, byteOffset: number): Promise<AsyncIterable<Uint8Array> | null> {
    this.opened.push(byteOffset);
    const object = this.objects.get(file.key);
    return object?.file.eTag === file.eTag ? this.#stream(object.bytes, byteOffset) : null;
  }

  async isLatest(file: FileArrival): Promise<boolean> {
    return this.objects.get(file.key)?.file.eTag === file.eTag;
  }

  async *#stream(bytes: Buffer, from: number) {
    const breaksAt = this.breaksAfterBytes === undefined ? undefined : from + this.breaksAfterBytes;
    this.breaksAfterBytes = undefined;
    for (let offset = from; offset < bytes.length; offset += this.chunkBytes) {
      await this.onChunk(offset);
      if (breaksAt !== undefined && offset >= breaksAt) {
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      }
      yield bytes.subarray(offset, offset + this.chunkBytes);
    }
  }
}

interface KnownFile {
  readonly arrival: FileArrival;
  state: FileState;
  counts: RowCounts;
  ended: boolean;
}

/** The accounting as its contract has it, for one process; nothing of what load-salaries adds. */
export class FakeLedger implements IngestionLedger {
  readonly files = new Map<string, KnownFile>();
  readonly current = new Map<string, KnownFile>();
  readonly calls: string[] = [];
  #lock: Promise<unknown> = Promise.resolve();

  register(arrival: FileArrival, isLatest: () => Promise<boolean>): Promise<FileState> {
    return this.#locked(() => this.#register(arrival, isLatest));
  }

  takeOver(arrival: FileArrival, isLatest: () => Promise<boolean>): Promise<FileState> {
    return this.#locked(() => this.#takeOver(arrival, isLatest));
  }

  /** One decision at a time, as the database's lock of the key has it. */
  #locked<Result>(decide: () => Promise<Result>): Promise<Result> {
    const decision = this.#lock.then(decide);
    this.#lock = decision.catch(() => {});
    return decision;
  }

  async #register(arrival: FileArrival, isLatest: () => Promise<boolean>): Promise<FileState> {
    this.calls.push('register');
    const known = this.files.get(nameOf(arrival));
    if (known) return known.state;
    const state = await this.#judge(arrival, isLatest);
    this.files.set(nameOf(arrival), { arrival, state, counts: NO_ROWS, ended: false });
    return state;
  }

  async #takeOver(arrival: FileArrival, isLatest: () => Promise<boolean>): Promise<FileState> {
    this.calls.push('takeOver');
    const file = this.find(arrival);
    if (file.state !== 'loading' || this.current.get(arrival.key) === file) return file.state;
    file.state = await this.#judge(arrival, isLatest);
    if (file.state !== 'loading') return file.state;
    const older = this.current.get(arrival.key);
    if (older) older.state = 'superseded';
    this.current.set(arrival.key, file);
    return file.state;
  }

  async reportProgress(version: FileVersion, counts: RowCounts): Promise<FileState> {
    this.calls.push('reportProgress');
    const file = this.find(version);
    if (file.state === 'loading' && !file.ended) file.counts = counts;
    return file.state;
  }

  async finish(version: FileVersion, counts: RowCounts): Promise<FileState> {
    this.calls.push('finish');
    const file = this.find(version);
    if (file.state !== 'loading') return file.state;
    file.counts = counts;
    file.ended = true;
    if (counts.sent === 0) file.state = 'complete';
    return file.state;
  }

  async reject(version: FileVersion): Promise<void> {
    this.calls.push('reject');
    this.find(version).state = 'rejected';
  }

  async supersede(version: FileVersion): Promise<void> {
    this.calls.push('supersede');
    this.find(version).state = 'superseded';
  }

  find(version: FileVersion): KnownFile {
    const file = this.files.get(nameOf(version));
    if (!file) throw new Error(`version ${version.version} must be registered first`);
    return file;
  }

  async #judge(arrival: FileArrival, isLatest: () => Promise<boolean>): Promise<FileState> {
    const current = this.current.get(arrival.key);
    if (!current) return 'loading';
    const { sequencer, eTag, sizeBytes } = current.arrival;
    if (sequencer !== null && arrival.sequencer !== null) {
      if (compareSequencers(arrival.sequencer, sequencer) < 0) return 'superseded';
    } else if (!(await isLatest())) return 'superseded';
    return eTag === arrival.eTag && sizeBytes === arrival.sizeBytes ? 'unchanged' : 'loading';
  }
}

/** A topic in memory. A publish may be held back or made to fail. */
export class FakePublisher implements RecordPublisher {
  readonly records: SalaryRecord[] = [];
  readonly batchSizes: number[] = [];
  inFlight = 0;
  mostInFlight = 0;
  onPublish: (records: readonly OutgoingRecord[]) => Promise<void> = async () => {};

  async publish(_topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      await this.onPublish(records);
      this.batchSizes.push(records.length);
      for (const { value } of records) this.records.push(decodeSalaryRecord(Buffer.from(String(value))));
    } finally {
      this.inFlight -= 1;
    }
  }
}

export class FakeDeadLetters implements DeadLetterQueue {
  readonly letters: DeadLetter[] = [];
  onPublish: () => Promise<void> = async () => {};

  async publish(letters: readonly DeadLetter[]): Promise<void> {
    await this.onPublish();
    this.letters.push(...letters);
  }
}

/** Keeps the events for other invocations, as Lambda would get them: through JSON. */
export class FakeFunctionInvoker implements FunctionInvoker {
  readonly checkpoints: Checkpoint[] = [];

  async invokeAsync(event: object): Promise<void> {
    this.checkpoints.push(continuationEventShape.parse(JSON.parse(JSON.stringify(event))).checkpoint);
  }
}

const NO_ROWS: RowCounts = { read: 0, filteredOut: 0, rejected: 0, sent: 0 };
const nameOf = ({ bucket, key, version }: FileVersion) => JSON.stringify([bucket, key, version]);

export const HEADER =
  'Department,Department-Division,PCN,Position Title,FLSA Status,Initial Hire Date,Date in Title,Salary';

let arrivals = 0;

/** One put of an object into a bucket without versions. */
export function arrivalOf(bytes: Buffer, changes: Partial<FileArrival> = {}): FileArrival {
  arrivals += 1;
  const sequencer =
    changes.sequencer === undefined ? arrivals.toString(16).padStart(16, '0').toUpperCase() : changes.sequencer;
  const eTag = `etag-${arrivals}`;
  return {
    bucket: 'salaries',
    key: 'employees.csv',
    version: sequencer ?? `etag:${eTag}`,
    versionId: null,
    sequencer,
    eTag,
    sizeBytes: bytes.length,
    ...changes,
  };
}

/** A transformer among fakes, with a clock and a deadline that stand still unless moved. */
export function createTransformRig() {
  const rig = {
    store: new FakeObjectStore(),
    ledger: new FakeLedger(),
    publisher: new FakePublisher(),
    deadLetters: new FakeDeadLetters(),
    transformCsv: new FakeFunctionInvoker(),
    logged: [] as { readonly message: string; readonly context: object }[],
    nowMs: 0,
    remainingMs: 900_000,
  };
  const log = (message: string, context: object) => {
    rig.logged.push({ message, context });
  };
  const transformer = new CsvTransformer({
    ...rig,
    logger: { debug: log, info: log, warn: log },
    filter: { departments: new Set(['ECC', 'CIT', 'EMS']), hiredSince: '2010-01-01' },
    marginMs: 30_000,
    clock: { monotonicMs: () => rig.nowMs, sleep: async () => {} },
  });
  const deadline = { remainingMs: () => rig.remainingMs };
  return Object.assign(rig, {
    resume: (checkpoint: Checkpoint): Promise<TransformOutcome> => transformer.transform(checkpoint, deadline),
    /** Tells of a put whose bytes are in the bucket already. */
    arrive: (arrival: FileArrival): Promise<TransformOutcome> =>
      transformer.transform({ phase: 'begin', arrival }, deadline),
    /** Puts the bytes and tells of it. */
    put(content: string | Buffer, changes: Partial<FileArrival> = {}) {
      const bytes = Buffer.from(content);
      const arrival = arrivalOf(bytes, changes);
      rig.store.put(arrival, bytes);
      return this.arrive(arrival);
    },
  });
}

/** Totals by department of what was published, each row identity once. */
export function totalsOf(records: readonly SalaryRecord[]): Record<string, number> {
  const totals: Record<string, number> = {};
  const seen = new Set<string>();
  for (const record of records) {
    const identity = JSON.stringify([record.bucket, record.key, record.version, record.rowNumber]);
    if (seen.has(identity)) continue;
    seen.add(identity);
    totals[record.department] = (totals[record.department] ?? 0) + record.salary;
  }
  return totals;
}
