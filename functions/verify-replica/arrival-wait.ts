import { decodePosition, type Position } from '../core/change-position.ts';
import type { Clock } from '../ports/clock.ts';
import type { SourceEvidence } from '../ports/source-evidence.ts';
import type { PollerLedger } from '../ports/poller-ledger.ts';
import type { TopicInspector } from '../ports/topic-inspector.ts';

export interface ArrivalDependencies {
  readonly ledger: Pick<PollerLedger, 'read'>;
  readonly source: Pick<SourceEvidence, 'areVisible'>;
  readonly inspector: Pick<TopicInspector, 'describe' | 'committedOffsets'>;
  readonly clock: Clock;
  /** Where the changes are published, and the group by which they are applied. */
  readonly topic: string;
  readonly group: string;
  /** Where the changes that fail are published, and the group by which they are indexed; absent where nothing indexes them. */
  readonly deadLetters?: { readonly topic: string; readonly group: string };
}

const LOOK_INTERVAL_MS = 50;

/** Waits until changes have gone all the way, as far as they go. */
export class ArrivalWait {
  readonly #dependencies: ArrivalDependencies;

  constructor(dependencies: ArrivalDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Resolves with `true` when these changes are published and apply-changes has passed their records: the saved position
   * of the poller includes them, and the group has committed the end that the topic had after that. A change that the
   * replica does not have then will not come. If it became a dead letter, that is indexed by then.
   *
   * @returns `false` when `untilMs` of the clock comes first.
   */
  async untilPassed(changeIds: readonly bigint[], untilMs: number): Promise<boolean> {
    if (!(await this.#repeat(() => this.#arePublished(changeIds), untilMs))) return false;
    const { topic, group, deadLetters } = this.#dependencies;
    if (!(await this.#untilCommitted(topic, group, untilMs))) return false;
    return deadLetters === undefined || this.#untilCommitted(deadLetters.topic, deadLetters.group, untilMs);
  }

  /** Waits until the group has committed the end that the topic has now. */
  async #untilCommitted(topic: string, group: string, untilMs: number): Promise<boolean> {
    const { inspector } = this.#dependencies;
    const { topicId, partitions } = await inspector.describe(topic);
    return this.#repeat(async () => {
      const committed = await inspector.committedOffsets(group, topic);
      const now = await inspector.describe(topic);
      if (now.topicId !== topicId) return false;
      // Below its start a partition has no records, so that nothing has to be committed there.
      return partitions.every(({ endOffset }, partition) => {
        const start = now.partitions[partition]?.startOffset ?? 0n;
        return endOffset <= start || (committed[partition] ?? 0n) >= endOffset;
      });
    }, untilMs);
  }

  async #arePublished(changeIds: readonly bigint[]): Promise<boolean> {
    const { ledger, source } = this.#dependencies;
    const position = savedPosition((await ledger.read())?.position ?? null);
    if (position?.progress.phase !== 'stream') return false;
    return changeIds.length === 0 || source.areVisible(changeIds, position.progress.since);
  }

  async #repeat(look: () => Promise<boolean>, untilMs: number): Promise<boolean> {
    const { clock } = this.#dependencies;
    for (;;) {
      if (await look()) return true;
      if (clock.monotonicMs() + LOOK_INTERVAL_MS >= untilMs) return false;
      await clock.sleep(LOOK_INTERVAL_MS);
    }
  }
}

/** @throws PipelineError `PIPE_POSITION_UNREADABLE`. */
export function savedPosition(text: string | null): Position | null {
  return text === null ? null : decodePosition(text);
}
