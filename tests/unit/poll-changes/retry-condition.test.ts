import { RetryCondition } from '../../../functions/poll-changes/retry-condition.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { FakeConnection } from '../../support/cdc/fake-connection.ts';
import { PollerSimulation } from '../../support/cdc/poller-simulation.ts';
import { InMemoryConditionStore } from '../../support/in-memory-condition-store.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

function createCondition() {
  const clock = new FakeClock();
  const store = new InMemoryConditionStore();
  const connection = new FakeConnection(clock, 100);
  const logger = new RecordingLogger();
  const clear = jest.spyOn(store, 'clear');
  return { clock, store, connection, logger, clear, condition: new RetryCondition(connection.to(store), logger) };
}

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
  expect(clear.mock.calls.filter(([id]) => id === 'poll-changes')).toHaveLength(1);
});

it('is cleared after a report under way, and once for each report', async () => {
  const { clock, store, connection, clear, condition } = createCondition();
  for (let failure = 1; failure <= 2; failure += 1) {
    connection.roundTripMs = 1_000;
    void condition.report(new Error('no broker'));
    await clock.advance(100);
    connection.roundTripMs = 10;
    condition.clear();
    condition.clear();
    await clock.advance(2_000);
    expect(store.conditions).toEqual([]);
    expect(clear).toHaveBeenCalledTimes(failure);
  }
});

it('is settled when no call is under way any more', async () => {
  const { clock, store, condition } = createCondition();
  void condition.report(new Error('no broker'));
  let isSettled = false;
  const settled = condition.settle().then(() => {
    isSettled = true;
  });
  await clock.advance(99);
  expect(isSettled).toBe(false);
  await clock.advance(1);
  await settled;
  expect(store.conditions).toHaveLength(1);
});

it('is only logged while the store is unreachable, and reported after that', async () => {
  const { clock, store, connection, logger, condition } = createCondition();
  connection.failure = new Error('unreachable');
  const reported = condition.report(new Error('no broker'));
  await clock.advance(100);
  await reported;
  const message = 'the condition for npm run status could not be stored';
  expect(logger.entries).toEqual([{ level: 'warn', message, context: { reason: 'unreachable' } }]);
  connection.failure = null;
  void condition.report(new Error('no broker'));
  await clock.advance(100);
  expect(store.conditions).toMatchObject([{ id: 'poll-changes', code: 'PIPE_RETRYING' }]);
});
