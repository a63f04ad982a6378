import type { Observation, ObservedGroup } from '../../../functions/core/observation.ts';
import { findAttention } from '../../../functions/core/verdict.ts';
import { alive, group, observation, REPLICA, secondsAgo, TOPICS, waiting } from '../../support/observations.ts';

const find = (now: Observation, earlier: Observation | null = observation()) => findAttention(now, earlier);
const codes = (now: Observation, earlier?: Observation | null) => find(now, earlier).map(({ code }) => code);

it('names what is most fundamental first', () => {
  const now = observation({
    ...{ topics: TOPICS.slice(1), conditions: [{ ...waiting(0), id: 'provision/x', waitingRecord: undefined }] },
    ...{ backlog: 3, groups: [group([1n, 2n])], standstills: [{ what: 'x', reason: 'y', since: secondsAgo(11) }] },
    ...{ standingFiles: [{ key: 'a.csv', heartbeatAt: secondsAgo(40) }], unstartedFiles: ['c.csv'] },
    deadLetters: { open: 1, parked: 0, oldestAt: null },
    replica: { different: 1, causes: [['lost', 1]], differsSince: null, oldestCheckedAt: secondsAgo(30 * 3_600) },
    salaries: { differences: 2, findings: [], differsSince: null },
  });
  const expected = [
    ['PIPE_TOPIC_MISSING', 'npm run provision'],
    ['PIPE_TARGET_SCHEMA', null],
    ['PIPE_POLLER_NOT_RUNNING', null],
    ['PIPE_CONSUMER_STANDS_STILL', null],
    ['PIPE_EVENT_SOURCE_STANDS_STILL', null],
    ['PIPE_FILE_STANDS_STILL', null],
    ['PIPE_FILE_NOT_STARTED', null],
    ['PIPE_REPLICA_DIFFERS', 'npm run verify -- --repair'],
    ['PIPE_SALARIES_DIFFER', 'npm run verify -- --repair'],
    ['PIPE_VERIFICATION_SILENT', 'npm run verify'],
    ['PIPE_DEAD_LETTERS', 'npm run dead-letters'],
  ];
  const unreachable = [{ name: 'Kafka', reason: 'r', remedy: 'm', since: null }];
  const found = find(now, observation({ groups: [group([1n, 2n])] }));
  expect(found.map(({ code, command }) => [code, command])).toEqual(expected);
  expect(codes({ ...now, unreachable })).toEqual([
    'PIPE_SERVER_UNAVAILABLE',
    ...expected.map(([code]) => code).filter((code) => !/POLLER|CONSUMER|EVENT_SOURCE/.test(String(code))),
  ]);
});

describe('a consumer stands still', () => {
  const stands = (earlier: ObservedGroup, now: ObservedGroup = group([1n, 2n])) =>
    codes(alive({ groups: [now] }), observation({ groups: [earlier] })).length === 1;

  it('only where it was at the same offsets before', () => {
    expect(stands(group([1n, 2n]))).toBe(true);
    expect(stands({ ...group([1n, 2n]), group: 'load-salaries' })).toBe(false);
    expect(stands({ ...group([1n, 2n]), topic: 'employee-salaries' })).toBe(false);
    expect(stands(group([1n, 2n], [1n, 0n]))).toBe(false);
  });

  it('whatever the order of the partitions is', () => {
    const { partitions, ...both } = group([1n, 2n], [5n, 0n]);
    expect(stands({ ...both, partitions: partitions.toReversed() }, group([1n, 2n], [5n, 0n]))).toBe(true);
  });

  it('only with a lag, and only when it is one of the pipelines', () => {
    expect(stands(group([1n, 0n]), group([1n, 0n]))).toBe(false);
    const other = { ...group([1n, 2n]), group: 'another' };
    expect(stands(other, other)).toBe(false);
  });

  it('and is not named again when its function has reported why it waits', () => {
    const groups = [group([1n, 2n])];
    expect(codes(alive({ groups, conditions: [waiting(0)] }), observation({ groups }))).toEqual(['PIPE_TARGET_SCHEMA']);
  });
});

describe('the message says what was found, and what to do, when', () => {
  const groups = [group([1n, 5n])];
  it.each<[string, Observation, string]>([
    [
      'a topic is missing',
      alive({ topics: TOPICS.slice(1) }),
      'topic employee-changes does not exist: create it with npm run provision',
    ],
    [
      'no poller runs',
      observation({ backlog: 2 }),
      'expected a running poller, found no heartbeat in the offset table, with 2 captured changes waiting; the schedule ' +
        'starts a poller within a minute: if it does not, look at the log of poll-changes, and restart a local stack with npm start',
    ],
    [
      'a poller saves nothing',
      alive({ backlog: 2 }),
      '2 captured changes wait, and the running poller saves no position; look at the log of poll-changes',
    ],
    [
      'a consumer stands still',
      alive({ groups }),
      '5 records of topic employee-changes wait, and apply-changes commits no offset; look at the log of apply-changes, ' +
        'and for a session of the target database that keeps a lock (select pid, query from pg_stat_activity where pid in ' +
        '(select unnest(pg_blocking_pids(pid)) from pg_stat_activity)); restart a local stack with npm start if neither says why',
    ],
    [
      'a file stands still',
      alive({ standingFiles: [{ key: 'a.csv', heartbeatAt: secondsAgo(40) }] }),
      'a.csv is loading and has made no progress for 40 s; reconcile-bucket starts it again by itself within minutes, or ' +
        'put the file into the bucket again',
    ],
    [
      'files have not begun',
      alive({ unstartedFiles: ['c.csv', 'd.csv'] }),
      'expected table ingested_file to have these files of the bucket, found no row for them: c.csv, d.csv. ' +
        'reconcile-bucket starts a file by itself within minutes of its upload; to start it at once, upload it again',
    ],
    [
      'salaries differ in more places than are known',
      alive({ salaries: { differences: 2, findings: [], differsSince: null } }),
      'npm run verify shows where',
    ],
    [
      'nothing was verified',
      alive({ replica: { ...REPLICA, oldestCheckedAt: secondsAgo(27 * 3_600) } }),
      'expected every row to be verified within 26 hours: look at the log of verify-replica, or verify now',
    ],
    [
      'dead letters have failed too often',
      alive({ deadLetters: { open: 0, parked: 1_000, oldestAt: null } }),
      'mend the cause, then npm run redrive; 1,000 failed too often and are redriven only by name',
    ],
  ])('%s', (_, now, message) => {
    expect(find(now, observation({ groups })).map((each) => each.message)).toEqual([message]);
  });
});

it.each([
  ['bucket', alive({ unstartedFiles: ['c.csv'] })],
  ['B was not compared with A', alive({ replica: { ...REPLICA, oldestCheckedAt: secondsAgo(27 * 3_600) } })],
  ['B differs from A in 1 row', alive({ replica: { ...REPLICA, different: 1 } })],
  ['Salaries differ in 2 places', alive({ salaries: { differences: 2, findings: [], differsSince: null } })],
  ['poll-changes', observation()],
  ['poll-changes', alive({ backlog: 1 })],
])('needs attention: %s', (subject, now) => {
  expect(find(now).map((each) => each.subject)).toEqual([subject]);
});
