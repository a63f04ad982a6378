import { describeRecordPublisher } from '../../contract/record-publisher.ts';
import { InMemoryRecordPublisher } from '../../support/in-memory-record-publisher.ts';

let topics = 0;

describe('InMemoryRecordPublisher', () => {
  describeRecordPublisher(
    () => {
      const publisher = new InMemoryRecordPublisher();
      return {
        publisher,
        createTopic: async (topic, partitions) => publisher.createTopic(topic, partitions),
        readTopic: async (topic) => publisher.recordsOf(topic),
        close: async () => {},
      };
    },
    (prefix) => `${prefix}-${++topics}`,
  );

  it('keeps the order of the calls when the hook of an earlier call takes longer', async () => {
    const publisher = new InMemoryRecordPublisher({ changes: 1 });
    const first = Promise.withResolvers<void>();
    publisher.onPublish = ([record]) => (record?.value === '0' ? first.promise : undefined);

    const calls = ['0', '1'].map((value) => publisher.publish('changes', [{ key: null, value }]));
    expect(publisher.underWay).toBe(2);
    first.resolve();
    await Promise.all(calls);

    expect(publisher.recordsOf('changes').map(({ value }) => value)).toEqual(['0', '1']);
    expect(publisher).toMatchObject({ underWay: 0, mostUnderWay: 2, callSizes: [1, 1] });
  });

  it('fails when the hook fails, and writes nothing of that call', async () => {
    const publisher = new InMemoryRecordPublisher({ changes: 1 });
    publisher.onPublish = () => Promise.reject(new Error('broker away'));

    await expect(publisher.publish('changes', [{ key: null, value: 'v' }])).rejects.toThrow('broker away');

    expect(publisher.recordsOf('changes')).toEqual([]);
  });
});
