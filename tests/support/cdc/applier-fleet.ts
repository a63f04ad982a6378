import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import type { BatchHandler } from './fake-event-source.ts';
import { CdcProcess } from './processes.ts';
import type { CdcSettings } from './settings.ts';

/** After this time a frozen applier counts as timed out, as at the end of its invocation. A slow one is waited for. */
const FROZEN_TIMEOUT_MS = 1_500;

/** Appliers that are processes, one for each partition. A dead or timed-out one is replaced at the next batch. */
export class ApplierFleet {
  readonly #settings: CdcSettings;
  readonly #timeZone: string | undefined;
  readonly #processes = new Map<number, CdcProcess>();
  readonly #all: CdcProcess[] = [];
  #nextBatchId = 1;
  #isStopped = false;
  /** The next process that starts kills itself after this many commits. */
  dieAfter: number | undefined;

  constructor(settings: CdcSettings, timeZone?: string) {
    this.#settings = settings;
    this.#timeZone = timeZone;
  }

  /** How many processes have been started. */
  get startedCount(): number {
    return this.#all.length;
  }

  /** The process of a partition, if it has applied a batch already. */
  serving(partition: number): CdcProcess | undefined {
    const applier = this.#processes.get(partition);
    return applier?.messages.some(({ done }) => done === true) ? applier : undefined;
  }

  readonly handle: BatchHandler = async (records, partition) => {
    if (this.#isStopped) throw new Error('the appliers are stopped');
    const applier = this.#processes.get(partition) ?? this.#start(partition);
    const id = this.#nextBatchId++;
    try {
      await applier.until(({ ready }) => ready === true);
      // Sending fails when the process has just died, which `died` reports below.
      applier.child.send({ id, records: records.map(toMessage) }, () => {});
      const answered = applier.until((message) => message['id'] === id, FROZEN_TIMEOUT_MS);
      const died = applier.exited.then(() => {
        throw new Error('the applier died');
      });
      died.catch(() => {});
      const { failed } = await Promise.race([answered, died]);
      if (failed !== undefined) throw new Error(String(failed));
    } catch (error) {
      // A timed-out attempt may still run. Its successor does not wait for it.
      if (!String(error).includes('ECONN')) this.#processes.delete(partition);
      throw error;
    }
  };

  /** The event source may still send batches; they fail, and start no process. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const each of this.#all) each.wake();
    await Promise.all(this.#all.map((each) => each.kill()));
  }

  #start(partition: number): CdcProcess {
    const applier = new CdcProcess('applier-process', this.#settings, {
      dieAfter: this.dieAfter,
      timeZone: this.#timeZone,
    });
    this.dieAfter = undefined;
    this.#processes.set(partition, applier);
    this.#all.push(applier);
    return applier;
  }
}

function toMessage({ partition, offset, key, value }: KafkaRecord) {
  return { partition, offset, key: key?.toString('base64') ?? null, value: value?.toString('base64') ?? null };
}
