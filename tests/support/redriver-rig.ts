import { createHash } from 'node:crypto';
import { KafkaDeadLetterQueue } from '../../functions/adapters/kafka/kafka-dead-letter-queue.ts';
import { type DeadLetter, deadLetterOfRecord } from '../../functions/core/dead-letter.ts';
import { decodeEnvelope } from '../../functions/core/dead-letter-envelope.ts';
import type { KafkaRecord } from '../../functions/core/kafka-record.ts';
import { LocatedPublisher } from '../../functions/redrive/located-publisher.ts';
import type { OutcomeSettler } from '../../functions/redrive/outcome-settler.ts';
import { RedriveBatch } from '../../functions/redrive/redrive-batch.ts';
import { Redriver } from '../../functions/redrive/redriver.ts';
import { BUCKET } from '../contract/salary-database.ts';
import { InMemoryBucket } from './in-memory-bucket.ts';
import { InMemoryDeadLetterLedger } from './in-memory-dead-letter-ledger.ts';
import { InMemoryFunctionInvoker } from './in-memory-function-invoker.ts';
import { InMemoryIngestionLedger } from './in-memory-ingestion-ledger.ts';
import { InMemoryObjectStore } from './in-memory-object-store.ts';
import { InMemoryRecordPublisher } from './in-memory-record-publisher.ts';
import { InMemoryRecordReader } from './in-memory-record-reader.ts';
import { InMemoryRedriveLedger } from './in-memory-redrive-ledger.ts';
import { InMemorySalaryDatabase } from './in-memory-salary-database.ts';
import { RecordingLogger } from './recording-logger.ts';
import { SleeplessClock } from './sleepless-clock.ts';

export const NO_DEADLINE = { remainingMs: () => Number.POSITIVE_INFINITY };
export const [CHANGES, SALARIES] = ['employee-changes', 'employee-salaries'];
const PARTITIONS = [0, 1, 2];
export const NOW = new Date('2026-11-26T12:00:00Z');

/** A redriver on ports in memory, with dead letters that the test puts there. Outcomes are not decided. */
export class RedriverRig {
  readonly ledger = new InMemoryRedriveLedger();
  readonly deadLetters = new InMemoryDeadLetterLedger();
  readonly publisher = new InMemoryRecordPublisher(
    Object.fromEntries(
      [CHANGES, SALARIES].flatMap((topic) => [
        [topic, PARTITIONS.length],
        [`${topic}.dead-letter`, PARTITIONS.length],
      ]),
    ),
  );
  readonly bucket = new InMemoryBucket(BUCKET);
  readonly files = new InMemorySalaryDatabase();
  readonly transformCsv = new InMemoryFunctionInvoker();
  readonly self = new InMemoryFunctionInvoker();
  /** The days of each call that deletes what is old. */
  readonly retentions: number[] = [];
  readonly redriver: Redriver;
  readonly clock = new SleeplessClock();

  constructor() {
    const { publisher } = this;
    const batch = new RedriveBatch({
      ...{ reader: new InMemoryRecordReader(publisher), transformCsv: this.transformCsv },
      ...{ store: new InMemoryObjectStore(this.bucket), files: new InMemoryIngestionLedger(this.files) },
      publisher: new LocatedPublisher(publisher, {
        describe: async (topic) => ({ clusterId: 'c', topicId: 't', partitions: this.#partitionsOf(topic) }),
        committedOffsets: async () => [],
        hasRecords: async () => true,
      }),
      rejectedRows: new KafkaDeadLetterQueue(publisher, `${SALARIES}.dead-letter`),
      filter: { departments: new Set(['EMS']), hiredSince: '2010-01-01' },
      sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
      ...{ now: () => NOW, changesTopic: CHANGES, salariesTopic: SALARIES },
    });
    this.redriver = new Redriver({
      ...{ ledger: this.ledger, batch, redrive: this.self, logger: new RecordingLogger(), marginMs: 0 },
      settler: { settle: async () => {} } as unknown as OutcomeSettler,
      retention: {
        deleteOlderThan: async (days) => {
          this.retentions.push(days);
          return { deadLetters: 0, redrives: 0, isComplete: true };
        },
      },
      clock: this.clock,
    });
  }

  /** Puts dead letters on their topic and into the ledger, as apply-changes and index-dead-letters do. */
  async deadLetter(topic: string, ...deadLetters: readonly DeadLetter[]): Promise<void> {
    await new KafkaDeadLetterQueue(this.publisher, `${topic}.dead-letter`).publish(deadLetters);
    const next = PARTITIONS.map(() => 0);
    for (const { partition, value } of this.publisher.recordsOf(`${topic}.dead-letter`)) {
      const offset = next[partition] ?? 0;
      next[partition] = offset + 1;
      const envelope = decodeEnvelope(Buffer.from(value ?? ''));
      if (envelope === undefined || this.ledger.entries.some(({ dlqId }) => dlqId === envelope.id)) continue;
      const { id: dlqId, code, attempts, origin } = envelope;
      const place = { topic: `${topic}.dead-letter`, partition, offset };
      const entry = { ...place, dlqId, code, attempts, key: null, state: 'open' };
      if (!('bucket' in origin)) this.ledger.add(entry);
      else {
        const { key, version, row } = origin;
        this.ledger.add({ ...entry, file: { key, version, ...(row !== undefined && { row }) } });
      }
    }
  }

  async run(rate: number | null = null): Promise<string> {
    const redrive = await this.ledger.plan({ filter: {}, note: null, rate });
    return this.redriver.run(redrive?.redriveId ?? '', 'me', NO_DEADLINE);
  }

  get states(): string[] {
    return this.ledger.entries.map(({ state }) => state);
  }

  async refusalCodes(): Promise<string[]> {
    return ((await this.ledger.find())?.refusals ?? []).map(({ code }) => code).sort();
  }

  #partitionsOf(topic: string) {
    const records = this.publisher.recordsOf(topic);
    return PARTITIONS.map((number) => ({
      startOffset: 0n,
      endOffset: BigInt(records.filter(({ partition }) => partition === number).length),
    }));
  }
}

export const changeOf = (key: string, changedAt = NOW.toISOString()) =>
  JSON.stringify({ schema: 1, salary: key, changedAt });

/** The dead letter of a change. */
export function failedChange(offset: number, more: Partial<KafkaRecord> = {}): DeadLetter {
  const place = { topic: CHANGES, partition: 1, offset: String(offset), timestampMs: 0 };
  const content = { key: Buffer.from(`k${offset}`), value: Buffer.from(changeOf(`v${offset}`)) };
  return deadLetterOfRecord({ ...place, ...content, ...more }, 'PIPE_X', 'why');
}
