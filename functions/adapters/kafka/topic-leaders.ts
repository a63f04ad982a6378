import type { Broker, PartitionLeaders, ProduceClient } from './produce-client.ts';

/** Partitions may be added to a topic; Kafka's own clients look for them as often. */
const MAX_AGE_MS = 5 * 60_000;

/** Remembers who leads the partitions of one topic. */
export class TopicLeaders {
  readonly #readLeaders: () => Promise<PartitionLeaders>;
  #leaders: PartitionLeaders = [];
  #readAtMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> | undefined;

  constructor(client: Pick<ProduceClient, 'readLeaders'>, topic: string) {
    this.#readLeaders = () => client.readLeaders(topic);
  }

  leaderOf(partition: number): Broker | undefined {
    return this.#leaders[partition];
  }

  /**
   * The number of partitions, at most five minutes old.
   *
   * @param atLeast reads it again when there were fewer, because partitions may have been added.
   */
  async partitionCount(atLeast: number): Promise<number> {
    const isOld = performance.now() - this.#readAtMs > MAX_AGE_MS;
    if (isOld || this.#leaders.length < atLeast) await this.refresh();
    return this.#leaders.length;
  }

  /** Reads the leaders; calls at the same time share one read. */
  refresh(): Promise<void> {
    this.#underWay ??= this.#read().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #read(): Promise<void> {
    this.#leaders = await this.#readLeaders();
    this.#readAtMs = performance.now();
  }
}
