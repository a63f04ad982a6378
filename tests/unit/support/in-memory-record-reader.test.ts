import { describeRecordReader } from '../../contract/record-reader.ts';
import { InMemoryRecordPublisher } from '../../support/in-memory-record-publisher.ts';
import { InMemoryRecordReader } from '../../support/in-memory-record-reader.ts';

describeRecordReader('InMemoryRecordReader', async () => {
  const publisher = new InMemoryRecordPublisher({ t: 2 });
  const reader = new InMemoryRecordReader(publisher);
  return { reader, publisher, createTopic: async () => 't', close: async () => {} };
});
