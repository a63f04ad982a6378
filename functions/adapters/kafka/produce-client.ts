/** A record as it goes into a batch. */
export interface BatchRecord {
  readonly topic: string;
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** In order; each header has a buffer of its own as its name, so that a name may be repeated. */
  readonly headers?: Map<Buffer, Buffer> | undefined;
  /** Milliseconds since the epoch. */
  readonly timestamp: bigint;
}

/** The records of one partition that a broker writes together or not at all. */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly BatchRecord[];
  /** An estimate that is never too small. */
  readonly bytes: number;
}

/** A batch with its place in the sequence by which brokers recognise repetitions. */
export interface SequencedBatch extends RecordBatch {
  readonly firstSequence: number;
}

export interface Broker {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

/** The leader of each partition by its number. `undefined`: no broker that is known leads it at the moment. */
export type PartitionLeaders = readonly (Broker | undefined)[];

/**
 * A number: all in-sync replicas have the batch, and that is the offset of its first record. `written`: they had it
 * already, and the broker does not know its offset any more. An error: it may be written or not; the same batch may be
 * sent again.
 */
export type BatchOutcome = bigint | 'written' | Error;

/**
 * The requests of one idempotent producer. Each call is a single attempt.
 *
 * @throws {TransientKafkaError} when the same call may succeed later. Any other error is permanent.
 */
export interface ProduceClient {
  /** Connects, and registers the producer whose sequences begin at 0. */
  open(): Promise<void>;
  /** Reads the leaders of all partitions of a topic from a broker. */
  readLeaders(topic: string): Promise<PartitionLeaders>;
  /**
   * Sends one request. A broker writes a batch of a partition only when its sequence follows that of the batch before
   * it, and confirms one that it has already written without writing it again.
   *
   * @param batches at most one of each partition.
   * @returns one outcome for each batch.
   */
  produce(leader: Broker, batches: readonly SequencedBatch[]): Promise<readonly BatchOutcome[]>;
  /** Closes all connections. Requests under way fail. */
  close(): Promise<void>;
}

/** The same request may succeed later: a broker does not answer, a leader has moved, too few replicas are in sync. */
export class TransientKafkaError extends Error {
  override readonly name = 'TransientKafkaError';
}
