import { handler } from '../../functions/watch-replica/handler.ts';
import { ReplicaWatch } from '../../functions/watch-replica/replica-watch.ts';
import event from '../fixtures/events/schedule.json' with { type: 'json' };
import { InMemoryAppliedOffsets } from '../support/cdc/in-memory-applied-offsets.ts';
import { InMemoryPollerLedger } from '../support/cdc/in-memory-poller-ledger.ts';
import '../support/hidden-output.ts';
import { InMemoryConditionStore } from '../support/in-memory-condition-store.ts';
import { InMemoryTopics } from '../support/in-memory-topics.ts';
import { lambdaContext } from '../support/lambda-context.ts';

const [topic, group] = ['employee-changes', 'apply-changes'];
/** With so little time left, it looks once. */
const context = lambdaContext('watch-replica', 15_000);

/** What B needs of an operator: nothing. */
const levels = {
  ...{ deadLettersOpen: 0, openDeadLetterAgeSeconds: 0, deadLettersParked: 0 },
  ...{ replicaDifferences: 0, salaryDifferences: 0, verificationAgeSeconds: 0 },
};

/** The handler with an empty topic, and with one of its watches. */
function connectWatchReplica() {
  const topics = new InMemoryTopics();
  topics.createTopic(topic, 1);
  const ledger = new InMemoryPollerLedger();
  const conditions = new InMemoryConditionStore();
  const watchReplica = handler.withDependencies(({ logger, metrics }) => {
    const appliedOffsets = new InMemoryAppliedOffsets();
    return {
      ...{ logger, metrics, conditions, ledger, bucket: 'salary-files' },
      watches: [new ReplicaWatch({ inspector: topics, appliedOffsets, ledger, conditions, logger, topic, group })],
      leaseWatch: { takeGreatestAgeSeconds: () => 0 },
      levels: { read: async () => levels },
    };
  });
  return { topics, ledger, conditions, watchReplica };
}

it('requests a new snapshot when B lacks changes that Kafka does not deliver again', async () => {
  const { topics, ledger, watchReplica } = connectWatchReplica();
  topics.write(topic, 0, 10);
  topics.commitOffset(group, topic, 0, 10n);
  expect(await watchReplica(event, context)).toEqual({ gaps: 1 });
  expect(await ledger.read()).toMatchObject({ resnapshotReason: { code: 'PIPE_CHANGES_MISSING' } });
});

it('fails when it cannot look, so that the alarm notices, and says why in a condition that npm run status shows', async () => {
  const { topics, conditions, watchReplica } = connectWatchReplica();
  topics.deleteTopic(topic);
  await expect(watchReplica(event, context)).rejects.toMatchObject({ code: 'PIPE_TOPIC_MISSING' });
  expect(conditions.conditions).toMatchObject([{ id: 'watch-replica', code: 'PIPE_TOPIC_MISSING' }]);
});
