import type { ReportedCondition } from '../../../../localstack/commands/status/conditions.ts';
import type { CommittedOffset } from '../../../../localstack/commands/status/kafka-status.ts';
import type { Observation } from '../../../../localstack/commands/status/observation.ts';
import { mayStandStill, needsAttention } from '../../../../localstack/commands/status/verdict.ts';

const TOPICS = [
  'employee-changes',
  'employee-changes.dead-letter',
  'employee-salaries',
  'employee-salaries.dead-letter',
];
const TOPIC = 'employee-changes';
const GROUP = 'apply-changes';

const fulfilled = <Value>(value: Value) => ({ status: 'fulfilled', value }) as const;
const rejected = (reason: unknown) => ({ status: 'rejected', reason }) as const;

interface Situation {
  readonly topics?: readonly string[];
  readonly lag?: number;
  readonly committed?: readonly CommittedOffset[];
  readonly heartbeat?: string;
  readonly progress?: { readonly phase: string; readonly since?: string };
  readonly backlog?: number;
  readonly conditions?: readonly ReportedCondition[];
  readonly unknownFiles?: readonly string[];
  readonly standingFiles?: readonly { bucket: string; key: string; seconds: number }[];
}

function observation(situation: Situation = {}): Observation {
  const { topics = TOPICS, lag = 0, committed = [], heartbeat = '1', backlog = 0, conditions = [] } = situation;
  const { unknownFiles = [] } = situation;
  const { progress = { phase: 'stream', since: '10:10:' }, standingFiles = [] } = situation;
  return {
    source: fulfilled({ backlog }),
    target: fulfilled({ totals: [], files: [], standingFiles }),
    kafka: fulfilled({ topics, lags: [{ group: GROUP, topic: TOPIC, lag }], committed, deadLetters: [] }),
    dynamodb: fulfilled({
      poller: { isPollerRunning: true, isSnapshotRequested: false, heartbeat, progress },
      conditions,
    }),
    s3: fulfilled([]),
    lambda: fulfilled(undefined),
    unknownFiles: fulfilled(unknownFiles),
  };
}

const committedAt = (offset: bigint, partition = 0): CommittedOffset => ({
  group: GROUP,
  topic: TOPIC,
  partition,
  offset,
});

const waiting = (partition: number, since = '2026-01-01T00:00:00.000Z'): ReportedCondition => ({
  id: `apply-changes/${TOPIC}-${partition}`,
  code: 'PIPE_TARGET_SCHEMA',
  message: 'expected a key, found none; create it',
  since,
  waitingRecord: { group: GROUP, topic: TOPIC, partition, offset: '7' },
});

const attention = (earlier: Observation, now: Observation) => needsAttention(earlier, now, '/logs');

it('finds nothing when all servers respond, nothing waits and the poller renews its lease', () => {
  expect(attention(observation(), observation({ heartbeat: '2' }))).toEqual([]);
});

it.each([
  ['source', 'PostgreSQL (source)', '/logs/sourceDatabase.log'],
  ['target', 'PostgreSQL (target)', '/logs/targetDatabase.log'],
  ['kafka', 'Kafka', '/logs/kafka.log'],
  ['dynamodb', 'DynamoDB', '/logs/dynamodb.log'],
  ['s3', 'the S3 server', '/logs/s3.log'],
  ['lambda', 'the endpoint of the functions', 'the output of npm start'],
] as const)('names %s when it does not respond, and not what waits for it', (key, subject, log) => {
  const now = { ...observation({ lag: 3, backlog: 3 }), [key]: rejected(new Error('connect ECONNREFUSED')) };
  expect(attention(observation({ lag: 3 }), now)).toEqual([
    expect.objectContaining({ code: 'PIPE_SERVER_UNAVAILABLE', subject, message: expect.stringContaining(log) }),
  ]);
  expect(mayStandStill(now, now)).toBe(false);
});

it('shows what partitions wait for once, since the first report', () => {
  const now = observation({ heartbeat: '2', conditions: [waiting(0, '2026-01-02T00:00:00.000Z'), waiting(3)] });
  expect(attention(observation(), now)).toEqual([
    {
      code: 'PIPE_TARGET_SCHEMA',
      subject: `apply-changes/${TOPIC}-0, apply-changes/${TOPIC}-3`,
      message: 'expected a key, found none; create it',
      since: '2026-01-01T00:00:00.000Z',
    },
  ]);
});

it('ignores a condition whose record the group has passed', () => {
  const conditions = [waiting(0)];
  const codes = (committed: readonly CommittedOffset[]) =>
    attention(observation(), observation({ heartbeat: '2', conditions, committed })).map(({ code }) => code);
  expect(codes([committedAt(8n)])).toEqual([]);
  expect(codes([committedAt(7n), committedAt(8n, 1), { ...committedAt(8n), group: 'another' }])).toHaveLength(1);
});

it('names a poller without a heartbeat', () => {
  const now = observation({ backlog: 12 });
  expect(attention(observation(), now)).toMatchObject([
    { code: 'PIPE_POLLER_NOT_RUNNING', message: expect.stringContaining('12 captured changes') },
  ]);
  expect(mayStandStill(observation(), now)).toBe(true);
});

it('names a poller that saves no position while changes wait', () => {
  const codes = (now: Observation) => attention(observation({ backlog: 1 }), now).map(({ code }) => code);
  expect(codes(observation({ heartbeat: '2', backlog: 1 }))).toEqual(['PIPE_POLLER_STANDS_STILL']);
  expect(codes(observation({ heartbeat: '2', backlog: 1, progress: { phase: 'stream', since: '11:11:' } }))).toEqual(
    [],
  );
  expect(codes(observation({ heartbeat: '2' }))).toEqual([]);
});

it('leaves a poller alone that has reported itself why it waits', () => {
  const conditions = [{ ...waiting(0), id: 'poll-changes/capture', waitingRecord: null }];
  expect(attention(observation(), observation({ conditions }))).toHaveLength(1);
});

it('names a consumer that commits nothing while records wait', () => {
  const earlier = observation({ lag: 5, committed: [committedAt(1n), committedAt(2n, 1)] });
  const codes = (now: Observation) => attention(earlier, now).map(({ code }) => code);
  const stands = observation({ heartbeat: '2', lag: 5, committed: [committedAt(2n, 1), committedAt(1n)] });
  expect(codes(stands)).toEqual(['PIPE_CONSUMER_STANDS_STILL']);
  expect(mayStandStill(earlier, stands)).toBe(true);
  const moves = observation({ heartbeat: '2', lag: 5, committed: [committedAt(2n), committedAt(2n, 1)] });
  expect(codes(moves)).toEqual([]);
  expect(mayStandStill(earlier, moves)).toBe(false);
});

it('names a topic that does not exist, a file without progress, and files that have not begun', () => {
  const now = observation({
    heartbeat: '2',
    topics: TOPICS.slice(1),
    standingFiles: [{ bucket: 'b', key: 'a.csv', seconds: 40 }],
    unknownFiles: ['c.csv', 'd.csv'],
  });
  expect(attention(observation(), now)).toMatchObject([
    { code: 'PIPE_TOPIC_MISSING', subject: TOPIC, message: expect.stringContaining('npm run provision') },
    { code: 'PIPE_FILE_STANDS_STILL', subject: 'b/a.csv', message: expect.stringContaining('40 s') },
    { code: 'PIPE_FILE_NOT_STARTED', message: expect.stringContaining('c.csv, d.csv') },
  ]);
});
