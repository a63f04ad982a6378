import { Judge } from '../../../functions/dashboard/judge.ts';
import type { Readings } from '../../../functions/ports/dashboard-state.ts';
import { exampleState, exampleTrouble, failing } from '../../support/dashboard/example-state.ts';

const NOW = new Date('2026-11-26T08:00:00Z');

const codesOf = (changes: Partial<Readings>) => new Judge().judge(exampleState(NOW, changes)).map(({ code }) => code);

describe('Judge', () => {
  it('finds nothing when all is well', () => {
    expect(codesOf({})).toEqual([]);
  });

  it('names all that is wrong, the most fundamental first', () => {
    expect(codesOf(exampleTrouble(NOW))).toEqual(['PIPE_TARGET_SCHEMA', 'PIPE_REPLICA_DIFFERS', 'PIPE_DEAD_LETTERS']);
  });

  it('names a topic that does not exist, and nothing else that follows from it', () => {
    const groups = (exampleState(NOW).readings.groups.value ?? []).map((group) =>
      group.topic === 'employee-changes' ? { ...group, isMissing: true as const, partitions: [] } : group,
    );
    expect(new Judge().judge(exampleState(NOW, { groups }))).toMatchObject([
      { code: 'PIPE_TOPIC_MISSING', subject: 'employee-changes', command: 'npm run provision' },
    ]);
  });

  it('counts open and parked dead letters, and not those that a redrive has published', () => {
    const [group] = exampleTrouble(NOW).deadLetters?.groups ?? [];
    const groups = group ? [{ ...group, open: 0, redriven: 2 }] : [];
    expect(codesOf({ deadLetters: { groups, redrives: [] } })).toEqual([]);
  });

  it('names a server once, however many of its readings fail, since the first of them fails', () => {
    const state = exampleState(NOW);
    const { salaries, agreement } = state.readings;
    const [earlier, later] = [new Date(NOW.getTime() - 9_000), new Date(NOW.getTime() - 1_000)];
    const readings = { ...state.readings, salaries: failing(salaries, later), agreement: failing(agreement, earlier) };
    expect(new Judge().judge({ ...state, readings })).toEqual([
      expect.objectContaining({ code: 'PIPE_SERVER_UNAVAILABLE', subject: 'The target database', since: earlier }),
    ]);
  });

  it('says that the poller does not run only when its heartbeat stands still for seconds', () => {
    const judge = new Judge();
    const codesAfter = (ms: number, heartbeat: string) => {
      const state = exampleState(new Date(NOW.getTime() + ms));
      const poller = { ...state.readings.poller, value: { ...state.readings.poller.value, heartbeat } };
      const readings = { ...state.readings, poller } as typeof state.readings;
      return judge.judge({ ...state, readings }).map(({ code }) => code);
    };
    expect(codesAfter(0, '1')).toEqual([]);
    expect(codesAfter(5_000, '1')).toEqual([]);
    expect(codesAfter(6_000, '1')).toContain('PIPE_POLLER_NOT_RUNNING');
    expect(codesAfter(7_000, '2')).not.toContain('PIPE_POLLER_NOT_RUNNING');
    // No page was open for an hour, so that nothing is known of what moved.
    expect(codesAfter(3_600_000, '2')).toEqual([]);
  });

  it('names each file that stands still', () => {
    const salaries = { ...exampleState(NOW).readings.salaries.value, standing: [{ key: 'a.csv', heartbeatAt: NOW }] };
    expect(codesOf({ salaries: salaries as Readings['salaries'] })).toEqual(['PIPE_FILE_STANDS_STILL']);
  });
});

describe('what the verdict on the page is about', () => {
  const state = exampleState(NOW);
  const since = new Date(NOW.getTime() - 9_000);
  const attentionTo = (changes: Partial<Readings>) => new Judge().judge(exampleState(NOW, changes));

  it.each([
    ['salaries', 'The target database'],
    ['deadLetters', 'The target database'],
    ['agreement', 'The target database'],
    ['latency', 'The target database'],
    ['backlog', 'The source database'],
    ['groups', 'Kafka'],
    ['poller', 'The offset table'],
    ['conditions', 'The offset table'],
  ] as const)('is the server of reading %s: %s', (part, subject) => {
    const readings = { ...state.readings, [part]: failing<unknown>(state.readings[part], since) };
    expect(new Judge().judge({ ...state, readings } as typeof state)).toEqual([
      {
        ...{ code: 'PIPE_SERVER_UNAVAILABLE', subject, since, command: null },
        message:
          `${subject} does not respond as expected: connect ECONNREFUSED 127.0.0.1:5434. The page shows what it held ` +
          'last, and tries again by itself every second',
      },
    ]);
  });

  it('is nothing before the first reading', () => {
    const none = Object.keys(state.readings).map((name) => [name, { value: null, at: null, failure: null }]);
    expect(new Judge().judge({ ...state, readings: Object.fromEntries(none) as typeof state.readings })).toEqual([]);
  });

  it('are the dead letters that wait, since the first failure of those', () => {
    const deadLetters = exampleTrouble(NOW).deadLetters ?? { groups: [], redrives: [] };
    const groups = deadLetters.groups.map((group) => ({ ...group }));
    const resolved = { ...groups[0], open: 0, redriven: 5, firstAt: new Date(0) } as (typeof groups)[number];
    expect(attentionTo({ deadLetters: { ...deadLetters, groups: [...groups, resolved] } })).toMatchObject([
      {
        ...{ code: 'PIPE_DEAD_LETTERS', subject: '3 dead letters wait' },
        message: expect.stringContaining('; 1 failed too often'),
        since: groups[1]?.firstAt,
      },
    ]);
  });

  it('is a verification that is silent, and salaries that differ', () => {
    const agreement = state.readings.agreement.value as Readings['agreement'];
    const oldestCheckedAt = new Date(NOW.getTime() - 30 * 3_600_000);
    const salaries = agreement.salaries && { ...agreement.salaries, differences: 2 };
    expect(codesOf({ agreement: { ...agreement, oldestCheckedAt, salaries } })).toEqual([
      ...['PIPE_SALARIES_DIFFER', 'PIPE_VERIFICATION_SILENT'],
    ]);
  });

  it('is what has not moved for 6 to 20 seconds', () => {
    const poller = state.readings.poller.value as Readings['poller'];
    const lag = { group: 'apply-changes', topic: 'employee-changes' };
    const groups = [{ ...lag, partitions: [{ partition: 0, end: 9n, next: 2n, lag: 7n }] }];
    const codesAfter = (...times: number[]) => {
      const judge = new Judge();
      const codes = times.map((ms, index) => {
        const values = { poller: { ...poller, heartbeat: String(index) }, groups, backlog: { changes: 1 } as never };
        return judge.judge(exampleState(new Date(NOW.getTime() + ms), values)).map(({ code }) => code);
      });
      return codes.at(-1);
    };
    const all = ['PIPE_POLLER_STANDS_STILL', 'PIPE_CONSUMER_STANDS_STILL'];
    expect(codesAfter(0, 5_999)).toEqual([]);
    expect(codesAfter(0, 6_000)).toEqual(all);
    expect(codesAfter(0, 20_000)).toEqual(all);
    expect(codesAfter(0, 20_001)).toEqual([]);
    expect(codesAfter(0, 19_000, 24_000)).toEqual([]);
    expect(codesAfter(0, 18_000, 24_000)).toEqual(all);
  });

  it('is judged from the newest observation that is old enough', () => {
    const judge = new Judge();
    const poller = state.readings.poller.value as Readings['poller'];
    const codesAfter = (ms: number, heartbeat: string) =>
      judge
        .judge(exampleState(new Date(NOW.getTime() + ms), { poller: { ...poller, heartbeat } }))
        .map(({ code }) => code);
    expect(codesAfter(0, '1')).toEqual([]);
    expect(codesAfter(4_000, '2')).toEqual([]);
    expect(codesAfter(10_000, '2')).toContain('PIPE_POLLER_NOT_RUNNING');
  });
});
