import type { Observation } from '../../../functions/core/observation.ts';
import { findAttention, mayStandStill } from '../../../functions/core/verdict.ts';
import {
  alive,
  GROUP,
  group,
  NOW,
  observation,
  REPLICA,
  secondsAgo,
  TOPIC,
  TOPICS,
  waiting,
} from '../../support/observations.ts';

const find = (now: Observation, earlier: Observation | null = observation()) => findAttention(now, earlier);
const codes = (now: Observation, earlier?: Observation | null) => find(now, earlier).map(({ code }) => code);

it('finds nothing when all servers respond, nothing waits and the poller renews its lease', () => {
  expect(find(alive())).toEqual([]);
});

it('names the servers whose clocks differ', () => {
  expect(codes(alive({ clocks: [{ name: 'the S3 server', aheadMs: 61_000 }] }))).toEqual(['PIPE_CLOCKS_DIFFER']);
});

it('finds nothing in what could not be read', () => {
  const unknown = Object.fromEntries(Object.keys(observation()).map((name) => [name, null])) as unknown as Observation;
  expect(find({ ...unknown, at: NOW, unreachable: [] })).toEqual([]);
});

it('names a server that does not respond, and not what waits for it', () => {
  const unreachable = [{ name: 'Kafka', reason: 'connect ECONNREFUSED', remedy: 'Look at kafka.log', since: null }];
  const now = observation({ unreachable, groups: [group([1n, 3n])], backlog: 3 });
  expect(find(now, now)).toEqual([
    {
      code: 'PIPE_SERVER_UNAVAILABLE',
      subject: 'Kafka',
      message: 'Kafka does not respond as expected: connect ECONNREFUSED. Look at kafka.log',
      since: null,
      command: null,
    },
  ]);
  expect(mayStandStill(now, now)).toBe(false);
});

it('shows what partitions wait for once, since the first report', () => {
  const now = alive({ conditions: [waiting(0, '2026-01-02T00:00:00.000Z'), waiting(3)] });
  expect(find(now)).toEqual([
    {
      code: 'PIPE_TARGET_SCHEMA',
      subject: `apply-changes/${TOPIC}-0, apply-changes/${TOPIC}-3`,
      message: 'expected a key, found none; create it',
      since: new Date('2026-01-01T00:00:00.000Z'),
      command: null,
    },
  ]);
});

it('shows what differs in its message or code by itself', () => {
  const [first, second] = [waiting(0), { ...waiting(1), message: 'expected a table' }];
  const third = { ...waiting(2), code: 'PIPE_OTHER' };
  expect(find(alive({ conditions: [first, second, third] }))).toHaveLength(3);
});

it('ignores a condition whose record the group has passed', () => {
  const conditions = [waiting(0)];
  expect(codes(alive({ conditions, groups: [group([8n, 0n])] }))).toEqual([]);
  expect(codes(alive({ conditions, groups: [group([8n, 0n], [0n, 5n])] }))).toEqual([]);
  const others = [
    group([7n, 0n], [8n, 0n]),
    { ...group([8n, 0n]), group: 'another' },
    { ...group([8n, 0n]), topic: 'another' },
  ];
  expect(codes(alive({ conditions, groups: others }))).toHaveLength(1);
});

it('names a poller without a heartbeat', () => {
  const now = observation({ backlog: 12 });
  expect(find(now)).toMatchObject([
    { code: 'PIPE_POLLER_NOT_RUNNING', message: expect.stringContaining('12 captured changes') },
  ]);
  expect(mayStandStill(now, observation())).toBe(true);
});

it('names a poller that saves no position while changes wait', () => {
  const earlier = observation({ backlog: 1 });
  expect(codes(alive({ backlog: 1 }), earlier)).toEqual(['PIPE_POLLER_STANDS_STILL']);
  expect(codes(alive({ backlog: 1, progress: '11:11:' }), earlier)).toEqual([]);
  expect(codes(alive(), earlier)).toEqual([]);
});

it('leaves a poller alone that has reported itself why it waits', () => {
  const conditions = [{ ...waiting(0), id: 'poll-changes/capture', waitingRecord: undefined }];
  expect(codes(observation({ conditions }))).toEqual(['PIPE_TARGET_SCHEMA']);
});

it('names a consumer that commits nothing while records wait', () => {
  const earlier = observation({ groups: [group([1n, 2n], [2n, 3n])] });
  const stands = alive({ groups: [group([1n, 2n], [2n, 3n])] });
  expect(find(stands, earlier)).toMatchObject([
    { code: 'PIPE_CONSUMER_STANDS_STILL', subject: GROUP, message: expect.stringContaining('5 records of topic') },
  ]);
  expect(mayStandStill(stands, earlier)).toBe(true);
  const moves = alive({ groups: [group([2n, 2n], [2n, 3n])] });
  expect(codes(moves, earlier)).toEqual([]);
  expect(mayStandStill(moves, earlier)).toBe(false);
});

it('says nothing of what may stand still without an earlier observation', () => {
  expect(codes(observation({ backlog: 3, groups: [group([1n, 3n])] }), null)).toEqual([]);
});

it('names an event source that stands still for ten seconds, unless its function says why', () => {
  const standstill = (seconds: number) => ({
    what: 'employee-changes-3',
    reason: 'apply-changes fails (Error) and is invoked again: its log says why',
    since: secondsAgo(seconds),
  });
  expect(find(alive({ standstills: [standstill(10), standstill(9.999)] }))).toEqual([
    {
      code: 'PIPE_EVENT_SOURCE_STANDS_STILL',
      subject: 'employee-changes-3',
      message: standstill(0).reason,
      since: secondsAgo(10),
      command: null,
    },
  ]);
  const conditions = [waiting(3)];
  expect(codes(alive({ standstills: [standstill(11)], conditions }))).toEqual(['PIPE_TARGET_SCHEMA']);
});

it('names a topic that does not exist, a file without progress, and files that have not begun', () => {
  const now = alive({
    topics: TOPICS.slice(1),
    standingFiles: [{ key: 'a.csv', heartbeatAt: secondsAgo(40) }],
    unstartedFiles: ['c.csv', 'd.csv'],
  });
  expect(find(now)).toMatchObject([
    { code: 'PIPE_TOPIC_MISSING', subject: TOPIC, command: 'npm run provision' },
    {
      code: 'PIPE_FILE_STANDS_STILL',
      subject: 'a.csv',
      since: secondsAgo(40),
      message: expect.stringContaining('for 40 s'),
    },
    { code: 'PIPE_FILE_NOT_STARTED', message: expect.stringContaining('c.csv, d.csv') },
  ]);
});

it('says how many rows of B differ, why, and what repairs them', () => {
  const causes = [['edited-in-target', 1_000] as const, ['lost', 1] as const];
  const replica = { different: 1_001, causes, differsSince: secondsAgo(90), oldestCheckedAt: secondsAgo(60) };
  expect(find(alive({ replica }))).toEqual([
    {
      code: 'PIPE_REPLICA_DIFFERS',
      subject: 'B differs from A in 1,001 rows',
      message: '1,000 edited in B, 1 lost on the way: npm run verify -- --repair makes B equal to A again',
      since: secondsAgo(90),
      command: 'npm run verify -- --repair',
    },
  ]);
});

it('says where totals and rows of the salaries differ', () => {
  const salaries = { differences: 1, findings: [{ subject: 'CIT', message: 'too much' }], differsSince: secondsAgo(9) };
  expect(find(alive({ salaries }))).toMatchObject([
    {
      ...{ code: 'PIPE_SALARIES_DIFFER', subject: 'Salaries differ in 1 place', message: 'CIT: too much' },
      ...{ since: secondsAgo(9), command: 'npm run verify -- --repair' },
    },
  ]);
});

it('names a verification that is silent for more than 26 hours, and none before the first one', () => {
  const checked = (oldestCheckedAt: Date | null) => alive({ replica: { ...REPLICA, oldestCheckedAt } });
  expect(codes(checked(secondsAgo(26 * 3_600)))).toEqual(['PIPE_VERIFICATION_SILENT']);
  expect(codes(checked(secondsAgo(26 * 3_600 - 1)))).toEqual([]);
  expect(codes(checked(null))).toEqual([]);
});

it('counts the dead letters that wait, since the oldest', () => {
  const deadLetters = (open: number, parked: number) =>
    alive({ deadLetters: { open, parked, oldestAt: secondsAgo(7_800) } });
  expect(find(deadLetters(1, 0))).toEqual([
    {
      code: 'PIPE_DEAD_LETTERS',
      subject: '1 dead letter waits',
      message: 'mend the cause, then npm run redrive',
      since: secondsAgo(7_800),
      command: 'npm run dead-letters',
    },
  ]);
  expect(find(deadLetters(2, 1))).toMatchObject([
    {
      subject: '3 dead letters wait',
      message: expect.stringMatching(/; 1 failed too often and is redriven only by name$/),
    },
  ]);
});
