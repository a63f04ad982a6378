import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChangeApplier } from '../../../functions/apply-changes/change-applier.ts';
import { handler } from '../../../functions/apply-changes/handler.ts';
import { TOMBSTONE_RETENTION_DAYS, TombstoneCleaner } from '../../../functions/apply-changes/tombstone-cleaner.ts';
import { parseChangeRules } from '../../../functions/core/change-rules.ts';
import type { DeadLetter } from '../../../functions/core/dead-letter.ts';
import type { KafkaEvent } from '../../../functions/runtime/kafka-event.ts';
import { captureOutput, withoutTimes } from '../../support/captured-output.ts';
import { InMemoryEmployeeReplica } from '../../support/cdc/in-memory-employee-replica.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

const context = lambdaContext('employee-streams-dev-apply-changes');
const event = () =>
  JSON.parse(readFileSync(join(__dirname, '../../fixtures/events/msk-employee-changes.json'), 'utf8')) as KafkaEvent;

/** The handler with a replica, dead letters and deletions in memory. */
function connectToMemory(replica = new InMemoryEmployeeReplica(), publish?: () => Promise<void>) {
  const letters: DeadLetter[] = [];
  const forgotten: number[] = [];
  const deadLetters = { publish: publish ?? (async (more: readonly DeadLetter[]) => void letters.push(...more)) };
  const store = {
    deleteTombstones: async (olderThanDays: number) => {
      forgotten.push(olderThanDays);
      return 0;
    },
  };
  let now = 0;
  const connected = handler.withDependencies(({ logger, metrics }) => ({
    applier: new ChangeApplier(replica, deadLetters, parseChangeRules('noNegativeEmpId')),
    tombstoneCleaner: new TombstoneCleaner(store, { monotonicMs: () => now }),
    logger,
    metrics,
  }));
  const pass = (ms: number) => {
    now += ms;
  };
  return { connected, replica, letters, forgotten, pass };
}

test('applies what a Kafka event brings, and dead-letters one by one what it cannot take', async () => {
  const output = captureOutput();
  const { connected, replica, letters } = connectToMemory();
  await connected(event(), context);
  const lines = output.restore();
  expect(replica.employees).toMatchObject([{ empId: 7, salary: 60_000 }]);
  expect(letters).toMatchObject([
    { code: 'PIPE_CHANGE_UNREADABLE', origin: { topic: 'employee-changes', partition: 0, offset: '16' } },
    { code: 'noNegativeEmpId', origin: { topic: 'employee-changes', partition: 0, offset: '18' } },
    { code: 'PIPE_CHANGE_UNREADABLE', origin: { topic: 'employee-changes', partition: 1, offset: '7' }, payload: null },
  ]);
  expect(lines).toContainEqual(expect.objectContaining({ ChangesApplied: 2, RecordsDeadLettered: 3 }));
  expect(withoutTimes(lines)).not.toMatch(/50000|60000|Ada/);
});

test('the same event once more changes nothing, but repeats its dead letters', async () => {
  const output = captureOutput();
  const { connected, replica, letters } = connectToMemory();
  await connected(event(), context);
  const before = replica.employees;
  await connected(event(), context);
  output.restore();
  expect(replica.employees).toEqual(before);
  expect(letters).toHaveLength(6);
});

test('fails as a whole when the database is away, and writes no dead letter', async () => {
  const output = captureOutput();
  const away = new InMemoryEmployeeReplica();
  jest.spyOn(away, 'transaction').mockRejectedValue(Object.assign(new Error('away'), { code: 'ECONNREFUSED' }));
  const { connected, letters } = connectToMemory(away);
  await expect(connected(event(), context)).rejects.toThrow('away');
  output.restore();
  expect(letters).toEqual([]);
});

test('fails as a whole when a dead letter is not acknowledged, so that it comes again', async () => {
  const output = captureOutput();
  const { connected } = connectToMemory(new InMemoryEmployeeReplica(), () => Promise.reject(new Error('no broker')));
  await expect(connected(event(), context)).rejects.toThrow('no broker');
  output.restore();
});

test('fails on what no Kafka event source has made', async () => {
  const output = captureOutput();
  const { connected } = connectToMemory();
  await expect(connected({} as KafkaEvent, context)).rejects.toThrow(/event of a Kafka event source/);
  output.restore();
});

test('forgets deletions once an hour, and none that a record may still be older than', async () => {
  const output = captureOutput();
  const { connected, forgotten, pass } = connectToMemory();
  for (const ms of [0, 3_599_000, 2_000, 1_000]) {
    pass(ms);
    await connected({ records: {} }, context);
  }
  output.restore();
  expect(forgotten).toEqual([TOMBSTONE_RETENTION_DAYS, TOMBSTONE_RETENTION_DAYS]);
});

test('names what is missing in its environment', async () => {
  const output = captureOutput();
  await expect(handler(event(), context)).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
  expect(output.restore()).toContainEqual(
    expect.objectContaining({ message: expect.stringMatching(/KAFKA_BROKERS: is required.*TARGET_DATABASE_URL/) }),
  );
});
