import { Kafka, logLevel } from 'kafkajs';
import { KafkaRecordPublisher } from '../../../../functions/adapters/kafka/kafka-record-publisher.ts';
import { KafkaRecordReader } from '../../../../functions/adapters/kafka/kafka-record-reader.ts';
import { describeRecordReader } from '../../../contract/record-reader.ts';
import { createTopic, endpoints, uniqueName } from '../../../support/servers.ts';

const settings = () => ({ brokers: endpoints().kafka.brokers, auth: 'none', clientId: 'test' }) as const;

describeRecordReader('KafkaRecordReader', async () => {
  const reader = new KafkaRecordReader(settings());
  const publisher = new KafkaRecordPublisher(settings());
  return {
    ...{ reader, publisher },
    createTopic: () => createTopic('reader', 2),
    close: async () => {
      await Promise.all([reader.disconnect(), publisher.disconnect()]);
    },
  };
});

describe('KafkaRecordReader', () => {
  const reader = () => new KafkaRecordReader(settings());
  const kafka = () => new Kafka({ clientId: 'test', brokers: [...settings().brokers], logLevel: logLevel.NOTHING });

  it('reads what is left after the topic has deleted older records', async () => {
    const topic = await createTopic('reader', 1);
    const [publisher, admin, subject] = [new KafkaRecordPublisher(settings()), kafka().admin(), reader()];
    await publisher.publish(
      topic,
      ['a', 'b', 'c', 'd'].map((value) => ({ key: null, value, partition: 0 })),
    );
    await admin.connect();
    // kafkajs deletes records of topics only that it has looked up.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] });
    const read = await subject.read(topic, 0, [0n, 1n, 2n, 3n, 4n]);
    expect(read.map(({ value }) => String(value))).toEqual(['c', 'd']);
    await Promise.all([publisher.disconnect(), admin.disconnect(), subject.disconnect()]);
  });

  it('reads no record of an aborted transaction, nor the end of a transaction', async () => {
    const topic = await createTopic('reader', 1);
    const producer = kafka().producer({ transactionalId: uniqueName('tx'), idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const ending of ['commit', 'abort'] as const) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value: ending, partition: 0 }] });
      await transaction[ending]();
    }
    const [publisher, subject] = [new KafkaRecordPublisher(settings()), reader()];
    await publisher.publish(topic, [{ key: null, value: 'plain', partition: 0 }]);
    const read = await subject.read(topic, 0, [0n, 1n, 2n, 3n, 4n]);
    expect(read.map(({ offset, value }) => [offset, String(value)])).toEqual([
      ['0', 'commit'],
      ['4', 'plain'],
    ]);
    await Promise.all([producer.disconnect(), publisher.disconnect(), subject.disconnect()]);
  });

  it('reads records of several hundred kilobytes, and compressed ones', async () => {
    const topic = await createTopic('reader', 1);
    const [publisher, subject, producer] = [new KafkaRecordPublisher(settings()), reader(), kafka().producer()];
    const large = (letter: string) => letter.repeat(400_000);
    await publisher.publish(
      topic,
      ['a', 'b', 'c', 'd', 'e'].map((letter) => ({ key: null, value: large(letter), partition: 0 })),
    );
    await producer.connect();
    await producer.send({ topic, compression: 1, messages: [{ value: 'zipped', partition: 0 }] });
    const read = await subject.read(topic, 0, [0n, 1n, 3n, 4n, 5n]);
    expect(read.map(({ value }) => String(value).slice(0, 6))).toEqual([
      'aaaaaa',
      'bbbbbb',
      'dddddd',
      'eeeeee',
      'zipped',
    ]);
    await Promise.all([publisher.disconnect(), subject.disconnect(), producer.disconnect()]);
  });
});
