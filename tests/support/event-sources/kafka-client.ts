import { type Admin, Kafka, logLevel, type Message } from 'kafkajs';
import { endpoints } from '../servers.ts';

export function kafka(): Kafka {
  return new Kafka({
    brokers: [...endpoints().kafka.brokers],
    connectionTimeout: 10_000,
    retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 30 },
    logLevel: logLevel.NOTHING,
  });
}

export async function produce(topic: string, messages: Message[]): Promise<void> {
  const producer = kafka().producer();
  await producer.connect();
  try {
    await producer.send({ topic, messages });
  } finally {
    await producer.disconnect();
  }
}

export async function withAdmin<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka().admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Offsets that a group has committed, by partition; -1 for a partition without one. */
export function committedOffsets(groupId: string, topic: string): Promise<Record<number, number>> {
  return withAdmin(async (admin) => {
    const [offsets] = await admin.fetchOffsets({ groupId, topics: [topic] });
    return Object.fromEntries((offsets?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)]));
  });
}
