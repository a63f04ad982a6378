import type { Observation } from '../../../functions/core/observation.ts';
import type { Attention } from '../../../functions/core/verdict.ts';
import type { Backlog } from '../../../functions/ports/capture-backlog.ts';
import type { State } from '../poller-state.ts';
import type { KafkaStatus } from './kafka-status.ts';
import type { TargetStatus } from './target-status.ts';

/** The state of the stack at one moment. What its server did not deliver is `null`. */
export interface StackStatus {
  readonly observation: Observation;
  readonly source: Backlog | null;
  readonly target: TargetStatus | null;
  readonly kafka: KafkaStatus | null;
  readonly poller: State | null;
}

/** The records that a consumer group has not consumed, by group and topic. */
export function lagsOf({ groups }: KafkaStatus): { group: string; topic: string; lag: number }[] {
  return groups.map(({ group, topic, partitions }) => ({
    group,
    topic,
    lag: Number(partitions.reduce((sum, { lag }) => sum + lag, 0n)),
  }));
}

/** For programs. Fields of a server that does not respond are absent. */
export function toJson(attention: readonly Attention[], { observation, target, kafka }: StackStatus): object {
  return {
    verdict: attention.length === 0 ? 'well' : 'attention',
    attention,
    ...(target && {
      totals: target.totals,
      files: target.files,
      latencyMs: target.latency,
      changesPerSecond: target.changesPerSecond,
      deadLetterCodes: target.deadLetterCodes,
      agreement: target.agreement,
    }),
    ...(kafka && { lags: lagsOf(kafka), deadLetters: kafka.deadLetters }),
    ...(observation.backlog !== null && { unpublishedChanges: observation.backlog }),
  };
}
