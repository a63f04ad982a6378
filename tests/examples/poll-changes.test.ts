import { handler } from '../../functions/poll-changes/handler.ts';
import { POLLER_TIMING } from '../../functions/poll-changes/timing.ts';
import event from '../fixtures/events/schedule.json' with { type: 'json' };
import { InMemoryChangeSource } from '../support/cdc/in-memory-change-source.ts';
import { InMemoryPollerLedger } from '../support/cdc/in-memory-poller-ledger.ts';
import '../support/hidden-output.ts';
import { InMemoryConditionStore } from '../support/in-memory-condition-store.ts';
import { InMemoryRecordPublisher } from '../support/in-memory-record-publisher.ts';
import { lambdaContext } from '../support/lambda-context.ts';
import { SleeplessClock } from '../support/sleepless-clock.ts';

const context = lambdaContext('poll-changes');

const topic = 'employee-changes';

/** The handler with database A, a topic of one partition and the offset table in memory. Its waits take no time. */
function connectPollChanges() {
  const source = new InMemoryChangeSource(1_000);
  const ledger = new InMemoryPollerLedger();
  const publisher = new InMemoryRecordPublisher({ [topic]: 1 });
  const describe = async () => ({
    ...{ clusterId: 'cluster', topicId: 'topic' },
    partitions: [{ startOffset: 0n, endOffset: BigInt(publisher.recordsOf(topic).length) }],
  });
  const pollChanges = handler.withDependencies((telemetry) => ({
    ...telemetry,
    connections: {
      ...{ source, ledger, publisher, topic, connectAll: describe },
      ...{ inspector: { describe }, conditions: new InMemoryConditionStore() },
    },
    settings: { leaseMs: 3_000, retentionHours: 168, purgeIntervalMs: 60_000, timing: POLLER_TIMING },
    clock: new SleeplessClock(),
  }));
  const write = (salary: number) => {
    const transaction = source.begin();
    source.put(transaction, { empId: 7, firstName: 'Ada', lastName: null, dob: null, city: null, salary });
    source.commit(transaction);
  };
  const published = () => publisher.recordsOf(topic).map(({ value }) => JSON.parse(String(value)));
  return { publisher, pollChanges, write, published };
}

it('publishes a snapshot of the employees, and then each change', async () => {
  const { publisher, pollChanges, write, published } = connectPollChanges();
  write(50_000);
  publisher.onPublish = jest.fn().mockImplementationOnce(() => write(60_000));
  expect(await pollChanges(event, context)).toMatchObject({ outcome: 'time-limit' });
  expect(published()).toMatchObject([
    { action: 'SNAPSHOT', employee: { empId: 7, salary: 50_000 } },
    { action: 'SNAPSHOT_END' },
    { action: 'UPDATE', employee: { empId: 7, salary: 60_000 } },
  ]);
});

it('publishes again what Kafka has not acknowledged', async () => {
  const { publisher, pollChanges, write, published } = connectPollChanges();
  write(50_000);
  publisher.onPublish = jest.fn().mockRejectedValueOnce(new Error('Kafka is unreachable'));
  await pollChanges(event, context);
  expect(published()).toMatchObject([{ action: 'SNAPSHOT' }, { action: 'SNAPSHOT_END' }]);
});
