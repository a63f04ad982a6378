import { Kafka, logLevel, type Producer } from 'kafkajs';
import { makeTopic } from '../../support/servers.ts';

export const RECORD_BYTES = 250;

/** Smaller chunks take more requests, larger ones exceed the size of a request. */
const CHUNK_SIZE = 5_000;

export function createKafka(brokers: readonly string[]): Kafka {
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
}

export async function createTopic(brokers: readonly string[], topic: string, partitions: number): Promise<void> {
  const admin = createKafka(brokers).admin();
  await admin.connect();
  try {
    await makeTopic(admin, topic, partitions);
  } finally {
    await admin.disconnect();
  }
}

export async function withProducer<Result>(
  brokers: readonly string[],
  work: (producer: Producer) => Promise<Result>,
): Promise<Result> {
  const producer = createKafka(brokers).producer();
  await producer.connect();
  try {
    return await work(producer);
  } finally {
    await producer.disconnect();
  }
}

/** Writes as many records to each partition. */
export async function createTopicWithRecords(
  brokers: readonly string[],
  topic: string,
  partitions: number,
  count: number,
): Promise<void> {
  await createTopic(brokers, topic, partitions);
  const value = Buffer.alloc(RECORD_BYTES, 'x');
  await withProducer(brokers, async (producer) => {
    for (let start = 0; start < count; start += CHUNK_SIZE) {
      const messages = Array.from({ length: Math.min(CHUNK_SIZE, count - start) }, (_, index) => ({
        key: `key-${start + index}`,
        value,
        partition: (start + index) % partitions,
      }));
      await producer.send({ topic, messages });
    }
  });
}
