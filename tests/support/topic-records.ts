import { Kafka, logLevel } from 'kafkajs';
import { eventually } from './eventually.ts';
import { uniqueName } from './servers.ts';

export interface TopicRecord {
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  /** The last one of each name, as text. Absent without headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** As the field of a record. */
export function headersAsText(headers: Iterable<readonly [string, unknown]>): Pick<TopicRecord, 'headers'> {
  const texts = Object.fromEntries([...headers].map(([name, value]) => [name, String(value)]));
  return Object.keys(texts).length === 0 ? {} : { headers: texts };
}

/** Reads all records that a topic has now, those of each partition in the order of their offsets. */
export async function readTopic(brokers: readonly string[], topic: string): Promise<TopicRecord[]> {
  const kafka = new Kafka({ clientId: 'reader', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  const consumer = kafka.consumer({ groupId: uniqueName('reader'), maxWaitTimeInMs: 100 });
  const records: TopicRecord[] = [];
  try {
    await Promise.all([admin.connect(), consumer.connect()]);
    // A broker that has just become the leader of a partition may not know it yet.
    const offsets = await eventually(() => admin.fetchTopicOffsets(topic), { everyMs: 50 });
    const open = new Map(
      offsets.filter(({ low, high }) => low !== high).map(({ partition, high }) => [partition, BigInt(high)]),
    );
    if (open.size === 0) return records;
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { key, value, headers } of batch.messages) {
          const record = { partition: batch.partition, key: key?.toString() ?? null, value: value?.toString() ?? null };
          records.push({ ...record, ...headersAsText(Object.entries(headers ?? {})) });
        }
        if (BigInt(batch.lastOffset()) + 1n >= (open.get(batch.partition) ?? 0n)) open.delete(batch.partition);
      },
    });
    await eventually(() => open.size === 0, { what: `all ${open.size} partitions of ${topic} to be read` });
    return records;
  } finally {
    await Promise.all([admin.disconnect(), consumer.disconnect()]);
  }
}
