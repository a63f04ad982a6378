import type { FileVersion } from '../core/salary-record.ts';
import type { PartitionState, TopicState } from '../core/topic-state.ts';
import type { ConditionStore } from '../ports/condition-store.ts';
import type { Logger } from '../ports/logger.ts';
import type { TopicInspector } from '../ports/topic-inspector.ts';
import type { UnfinishedFiles } from '../ports/unfinished-files.ts';

export interface RowsWatchDependencies {
  readonly inspector: Pick<TopicInspector, 'describe' | 'committedOffsets'>;
  readonly unfinishedFiles: Pick<UnfinishedFiles, 'findSent' | 'recordLostRows'>;
  readonly conditions: ConditionStore;
  readonly logger: Logger;
  /** Where the rows are published, and the group by which they are loaded. */
  readonly topic: string;
  readonly group: string;
}

/** Files whose rows are below these offsets, or lost. */
interface Awaited {
  readonly files: readonly FileVersion[];
  readonly topic: TopicState;
}

const CONDITION_ID = 'watch-replica/missing-rows';
const SHOWN_FILES = 3;

/** How long the rows of a file that was started again may take until they count as lost again. */
const NOT_AGAIN_WITHIN_MS = 10 * 60_000;

/**
 * Notices files that load-salaries will never complete: all their rows are published, the group has passed them, and some
 * are not in the tables. Kafka has then lost rows, the target was restored from an older copy, or the offsets of the group
 * were moved forward. reconcile-bucket starts these files again at its next run.
 */
export class RowsWatch {
  readonly #dependencies: RowsWatchDependencies;
  #awaited: Awaited | null = null;
  /** Whether there may be a condition; at first one of an earlier instance. */
  #mayBeReported = true;

  constructor(dependencies: RowsWatchDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Looks once. Returns the number of files whose rows are found to be lost.
   *
   * @throws when the target or Kafka is unreachable.
   */
  async look(): Promise<number> {
    const { inspector, unfinishedFiles, topic, group, logger } = this.#dependencies;
    const sent = await unfinishedFiles.findSent();
    await this.#show(sent.filter(({ hasLostRows }) => hasLostRows));
    const files = sent.filter(({ hasLostRows }) => !hasLostRows);
    if (this.#awaited === null) {
      if (files.length === 0) return 0;
      // After the files were found, so that all their rows are below the end.
      this.#awaited = { files, topic: await inspector.describe(topic) };
    }
    const committed = await inspector.committedOffsets(group, topic);
    const now = await inspector.describe(topic);
    const awaited = this.#awaited;
    if (awaited.topic.topicId !== now.topicId) {
      this.#awaited = null;
      return 0;
    }
    if (!hasPassed(awaited.topic.partitions, now.partitions, committed)) return 0;
    this.#awaited = null;
    // A batch is loaded before its offset is committed, so what is not loaded now never will be.
    const lost = await unfinishedFiles.recordLostRows(awaited.files, NOT_AGAIN_WITHIN_MS);
    if (lost.length > 0)
      logger.warn('files have lost rows and are started again', { keys: lost.map(({ key }) => key) });
    await this.#show(lost.length > 0 ? lost : sent.filter(({ hasLostRows }) => hasLostRows));
    return lost.length;
  }

  async #show(files: readonly FileVersion[]): Promise<void> {
    const { conditions, topic, group } = this.#dependencies;
    if (files.length > 0) {
      this.#mayBeReported = true;
      const keys = files.slice(0, SHOWN_FILES).map(({ key }) => key);
      const message =
        `the target lacks rows of ${keys.join(', ')}${files.length > SHOWN_FILES ? ' and more' : ''} that group ${group} does ` +
        `not receive from topic ${topic} any more: Kafka has lost records, the target was restored from an older copy, or ` +
        'the offsets of the group were moved forward. Nothing is to be done: reconcile-bucket starts these files again at its ' +
        'next run.';
      await conditions.report({ id: CONDITION_ID, code: 'PIPE_ROWS_MISSING', message });
    } else if (this.#mayBeReported) {
      await conditions.clear(CONDITION_ID);
      this.#mayBeReported = false;
    }
  }
}

/** Whether nothing that was below the ends is delivered any more: it is passed, deleted, or lost at the end. */
function hasPassed(
  awaited: readonly PartitionState[],
  now: readonly PartitionState[],
  committed: readonly (bigint | null)[],
): boolean {
  return awaited.every(({ endOffset }, partition) => {
    const { startOffset, endOffset: endNow } = now[partition] ?? { startOffset: 0n, endOffset: 0n };
    const passed = [committed[partition] ?? 0n, startOffset];
    return passed.some((offset) => offset >= endOffset || offset >= endNow);
  });
}
