import type { ReportedCondition } from './conditions.ts';
import type { CommittedOffset } from './kafka-status.ts';
import type { Observation, ObservedPart } from './observation.ts';

/** One thing that needs attention: what was expected, what was found, and what to do. */
export interface Attention {
  /** `PIPE_…`; stable. */
  readonly code: string;
  /** What needs attention: a server, a function, a partition, a file. */
  readonly subject: string;
  readonly message: string;
  /** ISO 8601; `null` when it is not known. */
  readonly since: string | null;
}

const SERVERS: Readonly<Record<ObservedPart, { readonly name: string; readonly log: string | null }>> = {
  source: { name: 'PostgreSQL (source)', log: 'sourceDatabase.log' },
  target: { name: 'PostgreSQL (target)', log: 'targetDatabase.log' },
  kafka: { name: 'Kafka', log: 'kafka.log' },
  dynamodb: { name: 'DynamoDB', log: 'dynamodb.log' },
  s3: { name: 'the S3 server', log: 's3.log' },
  lambda: { name: 'the endpoint of the functions', log: null },
};

const TOPICS = [
  'employee-changes',
  'employee-changes.dead-letter',
  'employee-salaries',
  'employee-salaries.dead-letter',
];

/** The functions that read a topic. Each has a consumer group of its own name. */
const CONSUMERS = ['apply-changes', 'load-salaries'];

/** What needs attention, the most fundamental first. `earlier` was observed some seconds before `now`. */
export function needsAttention(earlier: Observation, now: Observation, logDirectory: string): Attention[] {
  return [
    ...unreachableServers(now, logDirectory),
    ...missingTopics(now),
    ...reportedFailures(now),
    // Without a server nothing moves, and the server is what needs attention.
    ...(hasUnreachableServer(now) ? [] : [...standingPoller(earlier, now), ...standingConsumers(earlier, now)]),
    ...standingFiles(now),
    ...unknownFiles(now),
  ];
}

/** Whether something waits that a later observation may find moving. Without a server it will not. */
export function mayStandStill(earlier: Observation, now: Observation): boolean {
  if (hasUnreachableServer(now)) return false;
  return standingPoller(earlier, now).length > 0 || standingConsumers(earlier, now).length > 0;
}

function hasUnreachableServer(now: Observation): boolean {
  return (Object.keys(SERVERS) as ObservedPart[]).some((part) => now[part].status === 'rejected');
}

function unreachableServers(now: Observation, logDirectory: string): Attention[] {
  return (Object.keys(SERVERS) as ObservedPart[]).flatMap((key) => {
    const result = now[key];
    if (result.status === 'fulfilled') return [];
    const { name, log } = SERVERS[key];
    const message =
      `${name} does not respond as expected: ${reasonText(result.reason)}. The stack restarts a crashed server within ` +
      `seconds: run npm run status again, then look at ${log === null ? 'the output of npm start' : `${logDirectory}/${log}`}`;
    return [{ code: 'PIPE_SERVER_UNAVAILABLE', subject: name, message, since: null }];
  });
}

function reasonText(reason: unknown): string {
  if (reason instanceof AggregateError && reason.message === '') return reason.errors.map(reasonText).join('; ');
  if (!(reason instanceof Error)) return String(reason);
  return reason.name === 'TimeoutError' ? 'it did not answer in time' : reason.message || reason.name;
}

function missingTopics({ kafka }: Observation): Attention[] {
  if (kafka.status === 'rejected') return [];
  return TOPICS.filter((topic) => !kafka.value.topics.includes(topic)).map((topic) => ({
    code: 'PIPE_TOPIC_MISSING',
    subject: topic,
    message: `topic ${topic} does not exist: create it with npm run provision`,
    since: null,
  }));
}

/** One for all that wait for the same reason, such as the partitions of a topic. */
function reportedFailures(now: Observation): Attention[] {
  const byReason = Map.groupBy(currentConditions(now), ({ code, message }) => `${code} ${message}`);
  return [...byReason.values()].flatMap((conditions) => {
    const [first] = conditions.toSorted((a, b) => (a.since < b.since ? -1 : 1));
    if (first === undefined) return [];
    const { code, message, since } = first;
    return [{ code, subject: conditions.map(({ id }) => id).join(', '), message, since }];
  });
}

/** Without those of records that a consumer group has passed meanwhile. */
function currentConditions({ dynamodb, kafka }: Observation): readonly ReportedCondition[] {
  if (dynamodb.status === 'rejected') return [];
  if (kafka.status === 'rejected') return dynamodb.value.conditions;
  const { committed } = kafka.value;
  return dynamodb.value.conditions.filter(
    ({ waitingRecord }) => waitingRecord === null || !isPassed(waitingRecord, committed),
  );
}

function isPassed(
  record: NonNullable<ReportedCondition['waitingRecord']>,
  committed: readonly CommittedOffset[],
): boolean {
  return committed.some(
    ({ group, topic, partition, offset }) =>
      group === record.group &&
      topic === record.topic &&
      partition === record.partition &&
      offset > BigInt(record.offset),
  );
}

/** Nothing is said of a poller that reports itself why it waits. */
function standingPoller(earlier: Observation, now: Observation): Attention[] {
  if (earlier.dynamodb.status === 'rejected' || now.dynamodb.status === 'rejected') return [];
  if (currentConditions(now).some(({ id }) => id.startsWith('poll-changes'))) return [];
  const before = earlier.dynamodb.value.poller;
  const { poller } = now.dynamodb.value;
  const backlog = now.source.status === 'fulfilled' ? now.source.value.backlog : 0;
  if (poller.heartbeat === before.heartbeat) {
    const message =
      `expected a running poller, found no heartbeat in the offset table, with ${backlog} captured changes waiting; the ` +
      'schedule starts a poller within a minute: if it does not, look at the log of poll-changes, and restart with npm start';
    return [{ code: 'PIPE_POLLER_NOT_RUNNING', subject: 'poll-changes', message, since: null }];
  }
  if (backlog === 0 || JSON.stringify(poller.progress) !== JSON.stringify(before.progress)) return [];
  const message = `${backlog} captured changes wait, and the running poller saves no position; look at the log of poll-changes`;
  return [{ code: 'PIPE_POLLER_STANDS_STILL', subject: 'poll-changes', message, since: null }];
}

/** A group with a lag that has committed nothing meanwhile, unless its function reports itself why it waits. */
function standingConsumers(earlier: Observation, now: Observation): Attention[] {
  if (earlier.kafka.status === 'rejected' || now.kafka.status === 'rejected') return [];
  const before = earlier.kafka.value.committed;
  const { lags, committed } = now.kafka.value;
  const reported = new Set(currentConditions(now).map(({ waitingRecord }) => waitingRecord?.group));
  return lags
    .filter(({ group, lag }) => CONSUMERS.includes(group) && lag > 0 && !reported.has(group))
    .filter(({ group, topic }) => offsetsText(before, group, topic) === offsetsText(committed, group, topic))
    .map(({ group, topic, lag }) => ({
      code: 'PIPE_CONSUMER_STANDS_STILL',
      subject: group,
      message:
        `${lag} records of topic ${topic} wait, and ${group} commits no offset; look at the log of ${group}, and ` +
        'restart with npm start if it says nothing',
      since: null,
    }));
}

function offsetsText(committed: readonly CommittedOffset[], group: string, topic: string): string {
  return committed
    .filter((offset) => offset.group === group && offset.topic === topic)
    .map(({ partition, offset }) => `${partition}:${offset}`)
    .sort()
    .join();
}

function standingFiles({ target }: Observation): Attention[] {
  if (target.status === 'rejected') return [];
  return target.value.standingFiles.map(({ bucket, key, seconds }) => ({
    code: 'PIPE_FILE_STANDS_STILL',
    subject: `${bucket}/${key}`,
    message:
      `${key} is loading and has made no progress for ${seconds} s; reconcile-bucket starts it again by itself within ` +
      'minutes, or put the file into the bucket again',
    since: null,
  }));
}

function unknownFiles({ unknownFiles: keys }: Observation): Attention[] {
  if (keys.status === 'rejected' || keys.value.length === 0) return [];
  const message =
    `expected table ingested_file to have these files of the bucket, found no row for them: ${keys.value.join(', ')}. ` +
    'reconcile-bucket starts a file by itself within minutes of its upload; to start it at once, upload it again';
  return [{ code: 'PIPE_FILE_NOT_STARTED', subject: 'bucket', message, since: null }];
}
