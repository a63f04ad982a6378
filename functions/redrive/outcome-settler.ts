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

/** Decides what became of the dead letters that redrives have published. */
export class OutcomeSettler {
  readonly #deps: OutcomeSettlerDependencies;

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
    const { partitions } = await inspector.describe(topic);
    // In this order: the group has passed an offset when the dead letter of its record is published, so everything that
    // is in the dead-letter topic afterwards has to be indexed.
    const committed = await inspector.committedOffsets(consumer.group, topic);
    const applied = consumer.recordsOffsets ? await this.#appliedOffsets(topic) : undefined;
    const deadLetterTopics = [...new Set(awaited.map(({ deadLetterTopic }) => deadLetterTopic))];
    const isIndexed = (
      await Promise.all(deadLetterTopics.map((each) => this.#isIndexed(each, consumer.deadLetterGroup)))
    ).every(Boolean);
    for (const { partition, offsets } of awaited) {
      const { startOffset = 0n, endOffset = 0n } = partitions[partition] ?? {};
      const until = committed[partition] ?? 0n;
      // The topic was deleted and created again, or the records have expired before the group has read them.
      if (offsets.next > endOffset) await outcomes.reopen(topic, partition, { first: endOffset, next: offsets.next });
      if (startOffset > until) await outcomes.reopen(topic, partition, { first: until, next: startOffset });
      if (!isIndexed || until <= offsets.first) continue;
      const passed = { first: 0n, next: until };
      const ranges = applied === undefined ? [passed] : below(applied.get(partition) ?? [], until);
      if (ranges.length > 0) await outcomes.resolve(topic, partition, ranges);
    }
  }

  /** A group may have been moved forward by hand, past records that were never applied. */
  async #appliedOffsets(topic: string): Promise<ReadonlyMap<number, readonly OffsetRange[]>> {
    const { partitions } = await this.#deps.appliedOffsets.read(topic);
    return new Map(partitions.map(({ partition, offsets }) => [partition, offsets]));
  }

  async #isIndexed(deadLetterTopic: string, group: string): Promise<boolean> {
    const { inspector } = this.#deps;
    const { partitions } = await inspector.describe(deadLetterTopic);
    const committed = await inspector.committedOffsets(group, deadLetterTopic);
    return partitions.every(({ startOffset, endOffset }, partition) => {
      return (committed[partition] ?? startOffset) >= endOffset;
    });
  }
}

function below(ranges: readonly OffsetRange[], until: bigint): OffsetRange[] {
  return ranges
    .filter(({ first }) => first < until)
    .map(({ first, next }) => ({ first, next: next < until ? next : until }));
}
