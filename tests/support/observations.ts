import type { Observation, ObservedCondition, ObservedGroup } from '../../functions/core/observation.ts';

export const TOPICS = [
  'employee-changes',
  'employee-changes.dead-letter',
  'employee-salaries',
  'employee-salaries.dead-letter',
];
export const TOPIC = 'employee-changes';
export const GROUP = 'apply-changes';
/** The time of every observation. */
export const NOW = new Date('2026-01-02T12:00:00.000Z');
export const secondsAgo = (seconds: number) => new Date(NOW.getTime() - seconds * 1_000);

export const REPLICA = { different: 0, causes: [], differsSince: null, oldestCheckedAt: secondsAgo(60) };

/** A healthy state; its poller has not renewed its lease since another state with the same heartbeat. */
export function observation(
  situation: Partial<Observation> & { heartbeat?: string; progress?: string } = {},
): Observation {
  const { heartbeat = '1', progress = '10:10:', ...rest } = situation;
  return {
    at: NOW,
    unreachable: [],
    topics: TOPICS,
    conditions: [],
    poller: { heartbeat, progress },
    backlog: 0,
    groups: [],
    standingFiles: [],
    unstartedFiles: [],
    standstills: [],
    clocks: [{ name: 'Kafka', aheadMs: -900 }],
    deadLetters: { open: 0, parked: 0, oldestAt: null },
    replica: REPLICA,
    salaries: { differences: 0, findings: [], differsSince: null },
    ...rest,
  };
}

/** A group with one partition for each pair of offset and lag. */
export const group = (...partitions: readonly (readonly [next: bigint, lag: bigint])[]): ObservedGroup => ({
  group: GROUP,
  topic: TOPIC,
  partitions: partitions.map(([next, lag], partition) => ({ partition, next, lag })),
});

/** What a partition of the changes waits for. */
export const waiting = (partition: number, since = '2026-01-01T00:00:00.000Z'): ObservedCondition => ({
  id: `apply-changes/${TOPIC}-${partition}`,
  code: 'PIPE_TARGET_SCHEMA',
  message: 'expected a key, found none; create it',
  since: new Date(since),
  waitingRecord: { group: GROUP, topic: TOPIC, partition, offset: '7' },
});

/** A healthy state whose poller has renewed its lease since `observation`. */
export const alive = (situation: Parameters<typeof observation>[0] = {}) =>
  observation({ heartbeat: '2', ...situation });
