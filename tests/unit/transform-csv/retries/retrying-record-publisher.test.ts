import { RetryingRecordPublisher } from '../../../../functions/transform-csv/retries/retrying-record-publisher.ts';
import { InMemoryRecordPublisher } from '../../../support/in-memory-record-publisher.ts';
import { FailingSteps, unreachable } from './failing-steps.ts';

describe('RetryingRecordPublisher', () => {
  it('publishes the records again until Kafka acknowledges them', async () => {
    const steps = new FailingSteps(0);
    const publisher = new InMemoryRecordPublisher({ topic: 1 });
    let failures = 3;
    publisher.onPublish = () => {
      failures -= 1;
      if (failures >= 0) throw unreachable();
    };
    await new RetryingRecordPublisher(publisher, steps.dependencies).publish('topic', [{ key: null, value: 'x' }]);
    expect(publisher.recordsOf('topic')).toMatchObject([{ value: 'x' }]);
    expect(steps.retried).toEqual(['publish', 'publish', 'publish']);
  });
});
