import { ChangeApplier } from '../../../functions/apply-changes/change-applier.ts';
import { handler } from '../../../functions/apply-changes/handler.ts';
import { TombstoneCleaner } from '../../../functions/apply-changes/tombstone-cleaner.ts';
import { parseChangeRules } from '../../../functions/core/change-rules.ts';
import type { DeadLetter } from '../../../functions/core/dead-letter.ts';
import type { KafkaEvent } from '../../../functions/runtime/kafka-event.ts';
import { createTickRecorder } from '../../../functions/runtime/tick-recorder.ts';
import event from '../../fixtures/events/msk-employee-changes.json' with { type: 'json' };
import { captureOutput, withoutTimes } from '../../support/captured-output.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { InMemoryEmployeeReplica } from '../../support/cdc/in-memory-employee-replica.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

const context = lambdaContext('employee-streams-dev-apply-changes');

// tests/examples/apply-changes.test.ts has what it does with an event.

/** The handler with a replica and dead letters in memory. */
function createTestHandler() {
  const replica = new InMemoryEmployeeReplica();
  const deadLetters: DeadLetter[] = [];
  const publish = jest.fn(async (more: readonly DeadLetter[]) => void deadLetters.push(...more));
  const deleteTombstones = jest.spyOn(replica, 'deleteTombstones');
  const invoke = handler.withDependencies((telemetry) => ({
    ...telemetry,
    applier: new ChangeApplier(
      replica,
      { publish },
      parseChangeRules('noNegativeEmpId'),
      createTickRecorder('apply-changes'),
    ),
    tombstoneCleaner: new TombstoneCleaner(replica, new FakeClock()),
  }));
  return { invoke, replica, deadLetters, publish, deleteTombstones };
}

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => {
  output.restore();
});

it('publishes the metrics of an event, and logs no value of a row', async () => {
  const { invoke } = createTestHandler();
  await invoke(event, context);
  const lines = output.restore();
  expect(lines).toContainEqual(
    expect.objectContaining({
      ChangesApplied: 2,
      RecordsDeadLettered: 3,
      ChangeLatencyP50: expect.any(Number),
      ChangeLatencyP99: expect.any(Number),
      ChangeLatencyMax: expect.any(Number),
    }),
  );
  expect(lines).toContainEqual(expect.objectContaining({ level: 'WARN', deadLettered: 3 }));
  expect(withoutTimes(lines)).not.toMatch(/50000|60000|Ada/);
});

it('changes nothing when an event is delivered again, but repeats its dead letters', async () => {
  const { invoke, replica, deadLetters } = createTestHandler();
  await invoke(event, context);
  const before = replica.employees;
  await invoke(event, context);
  expect(replica.employees).toEqual(before);
  expect(deadLetters).toHaveLength(6);
});

it('fails when a dead letter is not acknowledged, so that the event source retries', async () => {
  const { invoke, publish } = createTestHandler();
  publish.mockRejectedValueOnce(new Error('no broker'));
  await expect(invoke(event, context)).rejects.toThrow('no broker');
});

it('fails on an event of another source', async () => {
  const { invoke } = createTestHandler();
  await expect(invoke({} as KafkaEvent, context)).rejects.toThrow(/event of a Kafka event source/);
});

it('deletes old tombstones', async () => {
  const { invoke, deleteTombstones } = createTestHandler();
  await invoke({ records: {} }, context);
  expect(deleteTombstones).toHaveBeenCalledTimes(1);
});

it('applies a batch when old tombstones cannot be deleted, and says so', async () => {
  const { invoke, replica } = createTestHandler();
  jest.spyOn(replica, 'claimCleaning').mockRejectedValue(new Error('no table tombstone_clock'));
  await invoke(event, context);
  expect(replica.employees).toMatchObject([{ empId: 7, salary: 60_000 }]);
  expect(output.restore()).toContainEqual(
    expect.objectContaining({ message: 'old tombstones could not be deleted', reason: 'no table tombstone_clock' }),
  );
});

it('names every missing variable of its environment', async () => {
  await expect(handler(event, context)).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
  expect(output.restore()).toContainEqual(
    expect.objectContaining({ message: expect.stringMatching(/KAFKA_BROKERS: is required.*TARGET_DATABASE_URL/) }),
  );
});
