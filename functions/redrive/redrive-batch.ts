import { isRecordOrigin } from '../core/dead-letter-origin.ts';
import type { ClaimedDeadLetter } from '../core/redrive.ts';
import type { SalaryFilter } from '../core/salary-rules.ts';
import type { Sha256 } from '../core/returned-dead-letter.ts';
import type { DeadLetterQueue } from '../ports/dead-letter-queue.ts';
import type { FunctionInvoker } from '../ports/function-invoker.ts';
import type { IngestionLedger } from '../ports/ingestion-ledger.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { RecordReader } from '../ports/record-reader.ts';
import type { DeadLetterPosition, RedriveOutcome } from '../ports/redrive-ledger.ts';
import { readDeadLetters } from './dead-letter-source.ts';
import type { DestinationTopic, LocatedPublisher } from './located-publisher.ts';
import { prepareRecord } from './prepare-records.ts';
import { prepareRows } from './prepare-rows.ts';
import { type ReadDeadLetter, refuse, type Step } from './step.ts';

export interface RedriveBatchDependencies {
  readonly reader: RecordReader;
  readonly publisher: LocatedPublisher;
  /** Where rows go that the rules reject again. */
  readonly rejectedRows: DeadLetterQueue;
  readonly store: ObjectStore;
  readonly files: IngestionLedger;
  /** Invokes transform-csv. */
  readonly transformCsv: FunctionInvoker;
  readonly filter: SalaryFilter;
  readonly changesTopic: string;
  readonly salariesTopic: string;
  readonly sha256: Sha256;
  readonly now: () => Date;
}

/** Works on batches of claimed dead letters. A batch may be repeated: its records are then published again. */
export class RedriveBatch {
  readonly #deps: RedriveBatchDependencies;

  constructor(dependencies: RedriveBatchDependencies) {
    this.#deps = dependencies;
  }

  /** Decides what to do with each dead letter, and changes nothing. */
  async prepare(batch: readonly ClaimedDeadLetter[]): Promise<readonly Step[]> {
    const files = batch.filter(({ kind }) => kind === 'file');
    const { read, refused } = await readDeadLetters(
      this.#deps.reader,
      batch.filter(({ kind }) => kind !== 'file'),
    );
    const steps: Step[] = [...refused, ...files.map(prepareFile)];
    const topics = new Map<string, Promise<DestinationTopic>>();
    const describeTopic = (topic: string) => {
      const described = topics.get(topic) ?? this.#deps.publisher.describe(topic);
      topics.set(topic, described);
      return described;
    };
    const preparation = { ...this.#deps, describeTopic };
    const rows = new Map<string, ReadDeadLetter[]>();
    for (const deadLetter of read) {
      if (isRecordOrigin(deadLetter.envelope.origin)) steps.push(await prepareRecord(deadLetter, preparation));
      else {
        const { bucket, key, version } = deadLetter.envelope.origin;
        const name = JSON.stringify([bucket, key, version]);
        rows.set(name, [...(rows.get(name) ?? []), deadLetter]);
      }
    }
    for (const ofFile of rows.values()) steps.push(...(await prepareRows(ofFile, preparation)));
    return steps;
  }

  /** Resolves when Kafka has acknowledged every record, and Lambda has queued every file. */
  async execute(steps: readonly Step[]): Promise<RedriveOutcome> {
    const ofKind = <Kind extends Step['kind']>(kind: Kind) =>
      steps.filter((step): step is Extract<Step, { kind: Kind }> => step.kind === kind);
    const returned = ofKind('return');
    await this.#deps.rejectedRows.publish(returned.map(({ deadLetter }) => deadLetter));
    const published: RedriveOutcome['published'][number][] = [];
    for (const [topic, ofTopic] of Map.groupBy(ofKind('publish'), (step) => step.topic)) {
      const positions = await this.#deps.publisher.publish(
        topic,
        ofTopic.map(({ record }) => record),
      );
      ofTopic.forEach(({ claimed, topicId }, index) => {
        published.push({ ...named(claimed), to: { ...(positions[index] as DeadLetterPosition), topicId } });
      });
    }
    const requests = await this.#requestFiles(ofKind('request'));
    return {
      published,
      requested: requests.requested.map(named),
      obsolete: [...requests.obsolete, ...ofKind('obsolete').map(({ claimed }) => claimed)].map(named),
      refused: ofKind('refuse').map(({ claimed, refusal }) => ({ ...named(claimed), refusal })),
      returned: returned.map(({ claimed, deadLetter: { code, reason } }) => ({ ...named(claimed), code, reason })),
      filtered: ofKind('filter').map(({ claimed, fileId, row }) => ({ ...named(claimed), fileId, row })),
    };
  }

  /**
   * Opens rejected files again and invokes transform-csv. If this process dies in between, reconcile-bucket invokes it,
   * because a file that is loading without a heartbeat is stalled.
   */
  async #requestFiles(steps: readonly Extract<Step, { kind: 'request' }>[]) {
    const { files, store, transformCsv } = this.#deps;
    const requested: ClaimedDeadLetter[] = [];
    const obsolete: ClaimedDeadLetter[] = [];
    for (const { claimed, arrival } of steps) {
      const state = await files.reopen(arrival, () => store.isLatest(arrival));
      if (state === 'loading') await transformCsv.invokeAsync({ arrival });
      if (state === 'superseded') obsolete.push(claimed);
      else requested.push(claimed);
    }
    return { requested, obsolete };
  }
}

function prepareFile(claimed: ClaimedDeadLetter): Step {
  const { file } = claimed;
  if (file !== null) return { claimed, kind: 'request', arrival: file.arrival };
  return refuse(claimed, 'PIPE_REDRIVE_ORIGIN_GONE', 'expected a file of the table ingested_file, found none');
}

function named({ dlqId, attempts }: ClaimedDeadLetter) {
  return { dlqId, attempts };
}
