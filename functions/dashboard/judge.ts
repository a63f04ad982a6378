import { summarizeAgreement } from '../core/agreement.ts';
import type { Observation, UnreachableServer } from '../core/observation.ts';
import { type Attention, findAttention, TOPICS } from '../core/verdict.ts';
import type { DashboardState, Reading, Readings } from '../ports/dashboard-state.ts';

/** Smaller: what is only slow seems to stand still. Larger: what stands still is shown later. */
const STANDSTILL_MS = 6_000;
/** An older observation is from before a pause in which no page was open. */
const TOO_OLD_MS = 20_000;

/** Gives the verdict on each snapshot, and remembers the ones before to see what moves. */
export class Judge {
  readonly #observations: Observation[] = [];

  judge(state: DashboardState): readonly Attention[] {
    const now = observe(state);
    const ageOf = ({ at }: Observation) => now.at.getTime() - at.getTime();
    while (this.#observations[0] !== undefined && ageOf(this.#observations[0]) > TOO_OLD_MS) this.#observations.shift();
    const earlier = this.#observations.findLast((each) => ageOf(each) >= STANDSTILL_MS) ?? null;
    const last = this.#observations.at(-1);
    if (last === undefined || ageOf(last) > 0) this.#observations.push(now);
    return findAttention(now, earlier);
  }
}

const SERVERS: Readonly<Record<string, readonly (keyof Readings)[]>> = {
  'The target database': ['salaries', 'deadLetters', 'agreement', 'latency'],
  'The source database': ['backlog'],
  Kafka: ['groups'],
  'The offset table': ['poller', 'conditions'],
};

/** The state as the verdict needs it. The bucket and the event sources are not read for the page. */
export function observe({ readings, now }: DashboardState): Observation {
  const { poller, backlog, groups, salaries, deadLetters, agreement, conditions } = readings;
  const groupsOfCodes = deadLetters.value?.groups ?? [];
  const waiting = groupsOfCodes.filter(({ open, parked }) => open + parked > 0);
  return {
    at: now,
    unreachable: silentServers(readings),
    topics: existingTopics(groups.value),
    conditions: conditions.value,
    poller: poller.value && { heartbeat: poller.value.heartbeat, progress: poller.value.position },
    backlog: backlog.value?.changes ?? null,
    groups: groups.value,
    standingFiles: salaries.value?.standing ?? null,
    unstartedFiles: null,
    standstills: null,
    clocks: null,
    deadLetters: deadLetters.value && {
      open: waiting.reduce((sum, { open }) => sum + open, 0),
      parked: waiting.reduce((sum, { parked }) => sum + parked, 0),
      oldestAt: waiting.length === 0 ? null : new Date(Math.min(...waiting.map(({ firstAt }) => firstAt.getTime()))),
    },
    replica: agreement.value && {
      ...summarizeAgreement(agreement.value),
      oldestCheckedAt: agreement.value.oldestCheckedAt,
    },
    salaries: agreement.value?.salaries ?? null,
  };
}

/** Those of the pipelines, without those that a reading has missed. The dead-letter topics are not read for the page. */
function existingTopics(groups: Readings['groups'] | null): readonly string[] | null {
  if (groups === null) return null;
  const missing = groups.filter(({ isMissing }) => isMissing).map(({ topic }) => topic);
  return TOPICS.filter((topic) => !missing.includes(topic));
}

/** One for each server, with the reason of the reading that fails for the longest time. */
function silentServers(readings: DashboardState['readings']): UnreachableServer[] {
  return Object.entries(SERVERS).flatMap(([name, parts]) => {
    const failures = parts.flatMap((part) => (readings[part] as Reading<unknown>).failure ?? []);
    const [first] = failures.toSorted((a, b) => a.since.getTime() - b.since.getTime());
    if (first === undefined) return [];
    const remedy = 'The page shows what it held last, and tries again by itself every second';
    return [{ name, reason: first.message, remedy, since: first.since }];
  });
}
