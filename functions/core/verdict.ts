import { causeText } from './agreement.ts';
import { describeDifferentClocks } from './different-clocks.ts';
import type { Observation, ObservedCondition, ObservedGroup } from './observation.ts';
import {
  CHANGES_DEAD_LETTER_TOPIC,
  CHANGES_GROUP,
  CHANGES_TOPIC,
  SALARIES_DEAD_LETTER_TOPIC,
  SALARIES_GROUP,
  SALARIES_TOPIC,
} from './topics.ts';

/** One thing that needs attention: what was expected, what was found, and what to do. */
export interface Attention {
  /** `PIPE_…`; stable. */
  readonly code: string;
  /** What needs attention, in a few words: a server, a function, a partition, a file, dead letters. */
  readonly subject: string;
  readonly message: string;
  /** `null` when it is not known. */
  readonly since: Date | null;
  /** What an operator calls next, such as `npm run dead-letters`; `null` when the message says all there is. */
  readonly command: string | null;
}

/** The topics that must exist. */
export const TOPICS = [CHANGES_TOPIC, CHANGES_DEAD_LETTER_TOPIC, SALARIES_TOPIC, SALARIES_DEAD_LETTER_TOPIC];
const GROUPS = [CHANGES_GROUP, SALARIES_GROUP];
const POLLER = 'poll-changes';
const HOUR_MS = 3_600_000;

/** On a schedule every key is verified once an hour. Smaller: a day without the schedule, as at night, is an alarm. */
const SILENCE_MS = 26 * HOUR_MS;

/** An event source reports at once that it waits. Smaller: a function that is retried once is shown. */
const STANDSTILL_MS = 10_000;

/**
 * The verdict, which the page, the terminal and the exit code share: what needs attention, the most fundamental first.
 *
 * @param earlier was observed some seconds before `now`, to see what moves; `null` when there is none, and then nothing is
 *   said of what may stand still
 */
export function findAttention(now: Observation, earlier: Observation | null): Attention[] {
  return [
    ...unreachableServers(now),
    ...differentClocks(now),
    ...missingTopics(now),
    ...reportedFailures(now),
    // Without a server nothing moves, and the server is what needs attention.
    ...(now.unreachable.length > 0 || earlier === null
      ? []
      : [...standingPoller(now, earlier), ...standingGroups(now, earlier), ...standingEventSources(now)]),
    ...standingFiles(now),
    ...unstartedFiles(now),
    ...differentRows(now),
    ...differentSalaries(now),
    ...silentVerification(now),
    ...deadLetters(now),
  ];
}

/** Whether something waits that a later observation may find moving. Without a server it will not. */
export function mayStandStill(now: Observation, earlier: Observation): boolean {
  if (now.unreachable.length > 0) return false;
  return standingPoller(now, earlier).length > 0 || standingGroups(now, earlier).length > 0;
}

function unreachableServers({ unreachable }: Observation): Attention[] {
  return unreachable.map(({ name, reason, remedy, since }) => ({
    code: 'PIPE_SERVER_UNAVAILABLE',
    subject: name,
    message: `${name} does not respond as expected: ${reason}. ${remedy}`,
    since,
    command: null,
  }));
}

function differentClocks({ clocks }: Observation): Attention[] {
  const found = describeDifferentClocks(clocks ?? []);
  return found === null ? [] : [{ code: 'PIPE_CLOCKS_DIFFER', ...found, since: null, command: null }];
}

function missingTopics({ topics }: Observation): Attention[] {
  if (topics === null) return [];
  return TOPICS.filter((topic) => !topics.includes(topic)).map((topic) => ({
    code: 'PIPE_TOPIC_MISSING',
    subject: topic,
    message: `topic ${topic} does not exist: create it with npm run provision`,
    since: null,
    command: 'npm run provision',
  }));
}

/** One for all that wait for the same reason, such as the partitions of a topic. */
function reportedFailures(now: Observation): Attention[] {
  const byReason = Map.groupBy(currentConditions(now), ({ code, message }) => `${code} ${message}`);
  return [...byReason.values()].flatMap((conditions) => {
    const [first] = conditions.toSorted((a, b) => a.since.getTime() - b.since.getTime());
    if (first === undefined) return [];
    const { code, message, since } = first;
    return [{ code, subject: conditions.map(({ id }) => id).join(', '), message, since, command: null }];
  });
}

/** Without those of records that a consumer group has passed meanwhile. */
function currentConditions({ conditions, groups }: Observation): readonly ObservedCondition[] {
  return (conditions ?? []).filter(({ waitingRecord }) => !isPassed(waitingRecord, groups ?? []));
}

function isPassed(record: ObservedCondition['waitingRecord'], groups: readonly ObservedGroup[]): boolean {
  if (record === undefined) return false;
  return groups.some(
    ({ group, topic, partitions }) =>
      group === record.group &&
      topic === record.topic &&
      partitions.some(({ partition, next }) => partition === record.partition && next > BigInt(record.offset)),
  );
}

/** Nothing is said of a poller that reports itself why it waits. */
function standingPoller(now: Observation, { poller: before }: Observation): Attention[] {
  const { poller, backlog } = now;
  if (before === null || poller === null || hasReported(now, POLLER)) return [];
  const waiting = backlog ?? 0;
  if (poller.heartbeat === before.heartbeat) {
    const message =
      `expected a running poller, found no heartbeat in the offset table, with ${waiting} captured changes waiting; the ` +
      'schedule starts a poller within a minute: if it does not, look at the log of poll-changes, and restart a local stack with ' +
      'npm start';
    return [{ code: 'PIPE_POLLER_NOT_RUNNING', subject: POLLER, message, since: null, command: null }];
  }
  if (waiting === 0 || poller.progress !== before.progress) return [];
  const message = `${waiting} captured changes wait, and the running poller saves no position; look at the log of poll-changes`;
  return [{ code: 'PIPE_POLLER_STANDS_STILL', subject: POLLER, message, since: null, command: null }];
}

/** A group with a lag that has consumed nothing meanwhile, unless its function reports itself why it waits. */
function standingGroups(now: Observation, { groups: before }: Observation): Attention[] {
  if (before === null) return [];
  const reported = new Set(currentConditions(now).map(({ waitingRecord }) => waitingRecord?.group));
  return (now.groups ?? [])
    .map((group) => ({ ...group, lag: group.partitions.reduce((sum, { lag }) => sum + lag, 0n) }))
    .filter(({ group, lag }) => GROUPS.includes(group) && lag > 0n && !reported.has(group))
    .filter((group) => before.some((each) => isSamePosition(each, group)))
    .map(({ group, topic, lag }) => ({
      code: 'PIPE_CONSUMER_STANDS_STILL',
      subject: group,
      message:
        `${lag} records of topic ${topic} wait, and ${group} commits no offset; look at the log of ${group}, and ` +
        'for a session of the target database that keeps a lock (select pid, query from pg_stat_activity where pid in ' +
        '(select unnest(pg_blocking_pids(pid)) from pg_stat_activity)); restart a local stack with npm start if neither says why',
      since: null,
      command: null,
    }));
}

function isSamePosition(before: ObservedGroup, now: ObservedGroup): boolean {
  return before.group === now.group && before.topic === now.topic && positionText(before) === positionText(now);
}

function positionText({ partitions }: ObservedGroup): string {
  return partitions
    .map(({ partition, next }) => `${partition}:${next}`)
    .sort()
    .join();
}

/** Those for which no function reports a reason, which would say more. */
function standingEventSources(now: Observation): Attention[] {
  return (now.standstills ?? [])
    .filter(({ since }) => now.at.getTime() - since.getTime() >= STANDSTILL_MS)
    .filter(({ reason }) => !currentConditions(now).some(({ id }) => reason.includes(functionOf(id))))
    .map(({ what, reason, since }) => ({
      code: 'PIPE_EVENT_SOURCE_STANDS_STILL',
      subject: what,
      message: reason,
      since,
      command: null,
    }));
}

function hasReported(now: Observation, functionName: string): boolean {
  return currentConditions(now).some(({ id }) => functionOf(id) === functionName);
}

/** The ids of conditions begin with the name of the function. */
function functionOf(conditionId: string): string {
  return conditionId.split('/')[0] ?? conditionId;
}

function standingFiles({ standingFiles: files, at }: Observation): Attention[] {
  return (files ?? []).map(({ key, heartbeatAt }) => ({
    code: 'PIPE_FILE_STANDS_STILL',
    subject: key,
    message:
      `${key} is loading and has made no progress for ${secondsBetween(heartbeatAt, at)} s; ` +
      'reconcile-bucket starts it again by itself within minutes, or put the file into the bucket again',
    since: heartbeatAt,
    command: null,
  }));
}

/** The two may be by different clocks. */
function secondsBetween(from: Date, to: Date): number {
  return Math.max(0, Math.round((to.getTime() - from.getTime()) / 1_000));
}

function unstartedFiles({ unstartedFiles: keys }: Observation): Attention[] {
  if (keys === null || keys.length === 0) return [];
  const message =
    `expected table ingested_file to have these files of the bucket, found no row for them: ${keys.join(', ')}. ` +
    'reconcile-bucket starts a file by itself within minutes of its upload; to start it at once, upload it again';
  return [{ code: 'PIPE_FILE_NOT_STARTED', subject: 'bucket', message, since: null, command: null }];
}

function differentRows({ replica }: Observation): Attention[] {
  if (replica === null || replica.different === 0) return [];
  const { different, causes, differsSince } = replica;
  const causesText = causes.map(([cause, rows]) => `${formatNumber(rows)} ${causeText(cause)}`).join(', ');
  return [
    {
      code: 'PIPE_REPLICA_DIFFERS',
      subject: `B differs from A in ${formatNumber(different)} ${different === 1 ? 'row' : 'rows'}`,
      message: `${causesText}: npm run verify -- --repair makes B equal to A again`,
      since: differsSince,
      command: 'npm run verify -- --repair',
    },
  ];
}

function differentSalaries({ salaries }: Observation): Attention[] {
  if (salaries === null || salaries.differences === 0) return [];
  const { differences, findings, differsSince } = salaries;
  const [first] = findings;
  return [
    {
      code: 'PIPE_SALARIES_DIFFER',
      subject: `Salaries differ in ${formatNumber(differences)} ${differences === 1 ? 'place' : 'places'}`,
      message: first === undefined ? 'npm run verify shows where' : `${first.subject}: ${first.message}`,
      since: differsSince,
      command: 'npm run verify -- --repair',
    },
  ];
}

/** A replica that was never verified as a whole has just been installed. */
function silentVerification({ replica, at }: Observation): Attention[] {
  const checkedAt = replica?.oldestCheckedAt ?? null;
  if (checkedAt === null || at.getTime() - checkedAt.getTime() < SILENCE_MS) return [];
  return [
    {
      code: 'PIPE_VERIFICATION_SILENT',
      subject: 'B was not compared with A',
      message: `expected every row to be verified within ${SILENCE_MS / HOUR_MS} hours: look at the log of verify-replica, or verify now`,
      since: checkedAt,
      command: 'npm run verify',
    },
  ];
}

function deadLetters({ deadLetters: observed }: Observation): Attention[] {
  const { open = 0, parked = 0, oldestAt = null } = observed ?? {};
  const waiting = open + parked;
  if (waiting === 0) return [];
  const parkedText =
    parked === 0
      ? ''
      : `; ${formatNumber(parked)} failed too often and ${parked === 1 ? 'is' : 'are'} redriven only by name`;
  return [
    {
      code: 'PIPE_DEAD_LETTERS',
      subject: `${formatNumber(waiting)} dead ${waiting === 1 ? 'letter waits' : 'letters wait'}`,
      message: `mend the cause, then npm run redrive${parkedText}`,
      since: oldestAt,
      command: 'npm run dead-letters',
    },
  ];
}

function formatNumber(count: number): string {
  return count.toLocaleString('en');
}
