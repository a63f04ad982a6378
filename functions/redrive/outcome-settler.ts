import type { OffsetRange } from '../core/offset-range.ts';
import type { AppliedOffsets } from '../ports/applied-offsets.ts';
import type { AwaitedOutcomes, RedriveOutcomes } from '../ports/redrive-outcomes.ts';
import type { TopicInspector } from '../ports/topic-inspector.ts';

export interface OutcomeSettlerDependencies {
  readonly outcomes: RedriveOutcomes;
  readonly inspector: TopicInspector;
  readonly appliedOffsets: AppliedOffsets;
  /** Of each origin topic. */
  readonly consumers: Readonly<Record<string, Consumer>>;
}

interface Consumer {
  readonly group: string;
  /** That of index-dead-letters, of the dead-letter topic. */
  readonly deadLetterGroup: string;
  /** Whether the target records the offsets that are applied. */
  readonly recordsOffsets: boolean;
}

/** How far a consumer group was at one moment, and what it had dead-lettered until then. */
interface Observation {
  readonly topicId: string;
  /** The offset at which the group continues, by partition. */
  readonly committed: readonly (bigint | null)[];
  /** Of each dead-letter topic, the offsets after its last dead letters. */
  readonly deadLetterEnds: ReadonlyMap<string, readonly bigint[]>;
}

/** Decides what became of the dead letters that redrives have published. */
export class OutcomeSettler {
  readonly #deps: OutcomeSettlerDependencies;
  /** Those whose dead letters are not indexed yet. New ones may arrive all the time, so the later ones must not count. */
  readonly #observations = new Map<string, Observation>();

  constructor(dependencies: OutcomeSettlerDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Decides about everything that can be decided now.
   *
   * @throws when one of the dependencies is unreachable.
   */
  async settle(): Promise<void> {
    const { outcomes } = this.#deps;
    const awaited = Map.groupBy(await outcomes.findAwaited(), ({ topic }) => topic);
    for (const [topic, partitions] of awaited) await this.#settleTopic(topic, partitions);
    await outcomes.resolveFiles();
    await outcomes.markObsolete();
    await outcomes.completeSettled();
  }

  async #settleTopic(topic: string, awaited: readonly AwaitedOutcomes[]): Promise<void> {
    const { outcomes, inspector, consumers } = this.#deps;
    const consumer = consumers[topic];
    if (consumer === undefined) return;
    const { topicId, partitions } = await inspector.describe(topic);
    if (awaited.some(({ topicIds }) => topicIds.some((id) => id !== topicId)))
      await outcomes.reopenDeletedTopic(topic, topicId);
    const earlier = this.#observations.get(topic);
    const seen = earlier?.topicId === topicId ? earlier : await this.#observe(topic, topicId, consumer, awaited);
    const isIndexed = await this.#isIndexed(seen, consumer);
    if (isIndexed) this.#observations.delete(topic);
    else this.#observations.set(topic, seen);
    const applied = consumer.recordsOffsets ? await this.#appliedOffsets(topic) : undefined;
    for (const { partition, offsets } of awaited) {
      const { startOffset = 0n, endOffset = 0n } = partitions[partition] ?? {};
      const until = seen.committed[partition] ?? 0n;
      // The topic was deleted and created again, or the records have expired before the group has read them.
      if (offsets.next > endOffset) await outcomes.reopen(topic, partition, { first: endOffset, next: offsets.next });
      if (seen !== earlier && startOffset > until)
        await outcomes.reopen(topic, partition, { first: until, next: startOffset });
      if (!isIndexed || until <= offsets.first) continue;
      const passed = { first: 0n, next: until };
      const ranges = applied === undefined ? [passed] : below(applied.get(partition) ?? [], until);
      if (ranges.length === 0) continue;
      await outcomes.resolve(topic, partition, ranges, topicId);
      await outcomes.reopenUnloaded(topic, partition, ranges);
    }
  }

  /** In this order: the group has passed an offset when the dead letter of its record is published. */
  async #observe(
    topic: string,
    topicId: string,
    { group }: Consumer,
    awaited: readonly AwaitedOutcomes[],
  ): Promise<Observation> {
    const { inspector } = this.#deps;
    const committed = await inspector.committedOffsets(group, topic);
    const deadLetterEnds = new Map<string, readonly bigint[]>();
    for (const { deadLetterTopic } of awaited) {
      if (deadLetterEnds.has(deadLetterTopic)) continue;
      const { partitions } = await inspector.describe(deadLetterTopic);
      const ends = partitions.map(({ startOffset, endOffset }) => (startOffset === endOffset ? 0n : endOffset));
      deadLetterEnds.set(deadLetterTopic, ends);
    }
    return { topicId, committed, deadLetterEnds };
  }

  async #isIndexed({ deadLetterEnds }: Observation, { deadLetterGroup }: Consumer): Promise<boolean> {
    for (const [topic, ends] of deadLetterEnds) {
      const indexed = await this.#deps.inspector.committedOffsets(deadLetterGroup, topic);
      if (ends.some((end, partition) => (indexed[partition] ?? 0n) < end)) return false;
    }
    return true;
  }

  /** A group may have been moved forward by hand, past records that were never applied. */
  async #appliedOffsets(topic: string): Promise<ReadonlyMap<number, readonly OffsetRange[]>> {
    const { partitions } = await this.#deps.appliedOffsets.read(topic);
    return new Map(partitions.map(({ partition, offsets }) => [partition, offsets]));
  }
}

function below(ranges: readonly OffsetRange[], until: bigint): OffsetRange[] {
  return ranges
    .filter(({ first }) => first < until)
    .map(({ first, next }) => ({ first, next: next < until ? next : until }));
}
