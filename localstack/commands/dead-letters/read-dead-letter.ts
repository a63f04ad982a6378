import { randomUUID } from 'node:crypto';
import { Kafka, logLevel } from 'kafkajs';
import { decodeEnvelope, type Envelope } from '../../../functions/core/dead-letter-envelope.ts';

const TIMEOUT_MS = 10_000;

interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/** Reads one record of a dead-letter topic; `null` when it has expired or is no dead letter. */
export async function readDeadLetter(brokers: readonly string[], place: Place): Promise<Envelope | null> {
  const { topic, partition, offset } = place;
  const kafka = new Kafka({ clientId: 'dead-letters', brokers: [...brokers], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  // A group of its own that commits nothing: it disappears when it is left.
  const consumer = kafka.consumer({ groupId: `dead-letters-${randomUUID()}`, maxWaitTimeInMs: 100 });
  try {
    await admin.connect();
    const ends = (await admin.fetchTopicOffsets(topic)).find((end) => end.partition === partition);
    if (ends === undefined || BigInt(offset) < BigInt(ends.low) || BigInt(offset) >= BigInt(ends.high)) return null;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer | null>();
    const timer = setTimeout(
      () => reject(new Error(`Kafka did not return the record at offset ${offset} in time.`)),
      TIMEOUT_MS,
    );
    try {
      await consumer.connect();
      await consumer.subscribe({ topic });
      await consumer.run({
        autoCommit: false,
        eachMessage: async ({ message, partition: from }) => {
          if (from === partition && BigInt(message.offset) >= BigInt(offset)) {
            resolve(message.offset === offset ? message.value : null);
          }
        },
      });
      consumer.seek({ topic, partition, offset });
      const value = await promise;
      return value === null ? null : (decodeEnvelope(value) ?? null);
    } finally {
      clearTimeout(timer);
    }
  } finally {
    await Promise.all([admin.disconnect(), consumer.disconnect()]);
  }
}
