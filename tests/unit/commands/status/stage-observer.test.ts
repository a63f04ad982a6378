import { encodeTyped } from '../../../../functions/core/typed-json.ts';
import { findAttention } from '../../../../functions/core/verdict.ts';
import { observe } from '../../../../functions/dashboard/judge.ts';
import type { DashboardState } from '../../../../functions/ports/dashboard-state.ts';
import { attentionOf, StageObserver } from '../../../../localstack/commands/status/stage-observer.ts';
import { toJson } from '../../../../localstack/commands/status/stack-status.ts';
import { exampleState, exampleTrouble, failing } from '../../../support/dashboard/example-state.ts';

const NOW = new Date('2026-11-26T08:00:00Z');

const statusOf = (state: DashboardState) => {
  const invoke = async (name: string, event: unknown) => {
    expect([name, event]).toEqual(['dashboard', { operation: 'status' }]);
    return JSON.parse(JSON.stringify(encodeTyped({ state, observation: observe(state) })));
  };
  return new StageObserver({ invoke }).observe();
};

it('has what the status of a local stack has', async () => {
  const status = await statusOf(exampleState(NOW));
  expect(toJson([], status)).toMatchObject({
    verdict: 'well',
    totals: [{ department: 'CIT', total_salary: '9102142', employee_count: '178' }, {}, {}],
    files: [{ key: '2026-11-26/Employee_Salaries.csv', state: 'loading', filtered_out: 3_900 }, {}, {}, {}, {}],
    latencyMs: { p50Ms: 34, p99Ms: 88, greatestMs: 640 },
    lags: [
      { group: 'apply-changes', topic: 'employee-changes', lag: 7 },
      { group: 'load-salaries', lag: 0 },
    ],
    unpublishedChanges: 12,
  });
  expect(status.poller).toMatchObject({ isPollerRunning: true, progress: { phase: 'stream' } });
});

it('leaves out what could not be read, and says which server does not answer', async () => {
  const state = exampleState(NOW);
  const { readings } = state;
  const salaries = failing(readings.salaries, NOW, false);
  const status = await statusOf({ ...state, readings: { ...readings, salaries } });
  expect(status.target).toBeNull();
  expect(status.observation.unreachable.map(({ name }) => name)).toEqual(['The target database']);
});

it('tells commands for the stage', async () => {
  const { observation } = await statusOf(exampleState(NOW, exampleTrouble(NOW)));
  const commands = attentionOf('prod', findAttention(observation, null)).flatMap(({ command }) => command ?? []);
  expect(commands).toEqual(['npm run verify -- --repair --stage prod', 'npm run dead-letters -- --stage prod']);
});
