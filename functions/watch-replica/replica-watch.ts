import { decodePosition, type Position } from '../core/change-position.ts';
import type { PartitionOffsets } from '../core/offset-range.ts';
import type { SnapshotReason } from '../core/snapshot-reason.ts';
import type { AppliedOffsets } from '../ports/applied-offsets.ts';
import type { ConditionStore } from '../ports/condition-store.ts';
import type { Logger } from '../ports/logger.ts';
import type { PollerLedger, PollerLedgerEntry } from '../ports/poller-ledger.ts';
import type { TopicInspector } from '../ports/topic-inspector.ts';
import { findGaps, offsetsBeyondEnd } from './find-gaps.ts';

export interface ReplicaWatchDependencies {
  readonly inspector: TopicInspector;
  readonly appliedOffsets: AppliedOffsets;
  readonly ledger: Pick<PollerLedger, 'read' | 'requestResnapshot'>;
  readonly conditions: ConditionStore;
  readonly logger: Logger;
  /** Where the changes are published, and the group by which they are applied. */
  readonly topic: string;
  readonly group: string;
}

const CONDITION_ID = 'watch-replica/missing-changes';
const SHOWN_GAPS = 3;

/**
 * Notices that the target lacks changes that apply-changes will not receive any more, and requests a new snapshot, which
 * replaces whatever is missing. Shows as a condition what a snapshot mends until the target has applied it.
 *
 * The changes that come next cannot show it: after a restore of an older copy of the target there may be none for hours.
 */
export class ReplicaWatch {
  readonly #dependencies: ReplicaWatchDependencies;
  /** Whether there may be a condition; at first one of an earlier instance. */
  #mayBeReported = true;

  constructor(dependencies: ReplicaWatchDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Looks once. Returns the number of gaps that it has found; a gap is found once.
   *
   * @throws when the target, Kafka or the ledger is unreachable.
   */
  async look(): Promise<number> {
    const { inspector, appliedOffsets, ledger, topic, group } = this.#dependencies;
    // In this order, so that neither a batch nor a record that comes meanwhile looks like a gap.
    const committed = await inspector.committedOffsets(group, topic);
    const { partitions, watermarkEpoch } = await appliedOffsets.read(topic);
    const state = await inspector.describe(topic);
    const isSameTopic = await this.#checkTopicId(partitions, state.topicId);
    const beyondEnd = isSameTopic ? offsetsBeyondEnd(topic, state, partitions) : [];
    if (beyondEnd.length > 0) await appliedOffsets.remove(beyondEnd);
    // Otherwise the next look finds what is applied of the topic that is there now.
    const isComparable = isSameTopic && beyondEnd.length === 0;
    const gaps = isComparable ? await findGaps(inspector, topic, state, committed, partitions) : null;
    if (gaps !== null && gaps.empty.length > 0) await appliedOffsets.add(gaps.empty);
    const entry = await ledger.read();
    const gapReason = gaps === null ? null : this.#reasonFor(gaps.lost);
    if (gaps !== null && gapReason !== null) await this.#request(gapReason, gaps.lost, entry);
    await this.#show(gapReason ?? mendedBySnapshot(entry, watermarkEpoch));
    return gaps?.lost.length ?? 0;
  }

  /** Returns whether the stored offsets are those of the topic that is there. */
  async #checkTopicId(partitions: readonly { readonly topicId: string | null }[], topicId: string): Promise<boolean> {
    const { appliedOffsets, topic } = this.#dependencies;
    if (partitions.some((partition) => partition.topicId !== topicId))
      await appliedOffsets.assignTopicId(topic, topicId);
    return partitions.every((partition) => partition.topicId === null || partition.topicId === topicId);
  }

  /**
   * The gaps count as applied once a snapshot is requested, because it replaces them. A snapshot that mends something and
   * is still published is waited for: if gaps keep coming, one complete snapshot follows the other, and none is given up.
   */
  async #request(
    reason: SnapshotReason,
    gaps: readonly PartitionOffsets[],
    entry: PollerLedgerEntry | null,
  ): Promise<void> {
    const { appliedOffsets, ledger, logger } = this.#dependencies;
    const position = positionOf(entry);
    if (position?.progress.phase === 'snapshot' && position.snapshotReason !== undefined) return;
    await ledger.requestResnapshot(`${reason.code} ${position?.epoch ?? 0n}`, reason);
    await appliedOffsets.add(gaps);
    logger.warn(`a new snapshot is requested, because ${reason.message}`, { code: reason.code });
  }

  #reasonFor(gaps: readonly PartitionOffsets[]): SnapshotReason | null {
    if (gaps.length === 0) return null;
    const { topic, group } = this.#dependencies;
    const shown = gaps
      .slice(0, SHOWN_GAPS)
      .map(({ partition, first, next }) => `offsets ${first} to ${next - 1n} of partition ${partition}`);
    return {
      code: 'PIPE_CHANGES_MISSING',
      message:
        `the target lacks changes that group ${group} does not receive from topic ${topic} any more: ${shown.join(', ')}` +
        `${gaps.length > SHOWN_GAPS ? ' and more' : ''}; the target was restored from an older copy or replaced, the offsets ` +
        'of the group were moved forward, or the records were deleted before they were applied',
    };
  }

  async #show(reason: SnapshotReason | null): Promise<void> {
    const { conditions } = this.#dependencies;
    if (reason !== null) {
      this.#mayBeReported = true;
      const message = `${reason.message}. Nothing is to be done: a new snapshot of the source mends it, and this ends when the target has applied it.`;
      await conditions.report({ id: CONDITION_ID, code: reason.code, message });
    } else if (this.#mayBeReported) {
      await conditions.clear(CONDITION_ID);
      this.#mayBeReported = false;
    }
  }
}

/** What the requested or the latest snapshot mends, as long as the target has not applied it. */
function mendedBySnapshot(entry: PollerLedgerEntry | null, watermarkEpoch: bigint): SnapshotReason | null {
  if (entry?.resnapshotToken != null && entry.resnapshotReason !== null) return entry.resnapshotReason;
  const position = positionOf(entry);
  // A complete snapshot raises the watermark to just below its epoch.
  return position !== null && watermarkEpoch < position.epoch - 1n ? (position.snapshotReason ?? null) : null;
}

/** An unreadable position is reported by poll-changes. */
function positionOf(entry: PollerLedgerEntry | null): Position | null {
  try {
    return entry?.position == null ? null : decodePosition(entry.position);
  } catch {
    return null;
  }
}
