import { Judge } from '../../../functions/dashboard/judge.ts';
import type { Readings } from '../../../functions/dashboard/state.ts';
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
