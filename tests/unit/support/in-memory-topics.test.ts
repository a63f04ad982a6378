import { describeTopicInspector } from '../../contract/topic-inspector.ts';
import { InMemoryTopics } from '../../support/in-memory-topics.ts';

let names = 0;

describeTopicInspector(
  'InMemoryTopics',
  () => {
    const topics = new InMemoryTopics();
    return {
      inspector: topics,
      createTopic: async (topic, partitions) => topics.createTopic(topic, partitions),
      deleteTopic: async (topic) => topics.deleteTopic(topic),
      addPartitions: async (topic, partitions) => topics.addPartitions(topic, partitions),
      write: async (topic, partition, count, ending) => void topics.write(topic, partition, count, ending),
      deleteRecords: async (topic, partition, before) => topics.deleteRecords(topic, partition, before),
      commitOffset: async (group, topic, partition, offset) => topics.commitOffset(group, topic, partition, offset),
      close: async () => {},
    };
  },
  (prefix) => `${prefix}-${names++}`,
);
