import { PollerSimulation } from '../../support/cdc/poller-simulation.ts';

it('shows what a poller retries, until it polls again', async () => {
  const simulation = new PollerSimulation();
  const poller = simulation.startPoller();
  await simulation.clock.advance(1_000);
  poller.broker.failure = new Error('no broker');
  simulation.write(1, 1);
  await simulation.clock.advance(3_000);
  expect(simulation.conditions.conditions).toMatchObject([{ id: 'poll-changes', code: 'PIPE_RETRYING' }]);
  expect(simulation.conditions.conditions[0]?.message).toContain('no broker');
  poller.broker.failure = null;
  await simulation.clock.advance(10_000);
  expect(simulation.conditions.conditions).toEqual([]);
});

it('clears what an earlier poller has left, once', async () => {
  const simulation = new PollerSimulation();
  const clear = jest.spyOn(simulation.conditions, 'clear');
  await simulation.conditions.report({ id: 'poll-changes', code: 'PIPE_RETRYING', message: 'by an earlier poller' });
  simulation.startPoller();
  await simulation.clock.advance(5_000);
  expect(simulation.conditions.conditions).toEqual([]);
  expect(clear).toHaveBeenCalledTimes(1);
});
