import kafkajs, { type Message, type Producer } from 'kafkajs';
import { registerCodecs } from '../../../../localstack/event-sources/kafka/consumer/codecs.ts';
import { clusterArn, eventually, kafka, produce, withMapping } from '../../../support/event-sources/mapping-run.ts';
import { endpoints } from '../../../support/servers.ts';

const { CompressionTypes } = kafkajs;

async function transactional(transactionalId: string): Promise<Producer> {
  const producer = kafka().producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  return producer;
}

describe('The event, as the function gets it', () => {
  test('[documented] MSK: eventSource, ARN, brokers joined by commas, records by topic-partition', () =>
    // Retention would take away a record of 2018 as soon as the broker looks.
    withMapping({ topicSettings: { 'retention.ms': '-1' } }, async (run) => {
      await produce(run.topic, [{ key: 'k', value: 'v', timestamp: '1545084650987' }]);
      await run.start();
      await run.fn.until(() => run.fn.invocations.length === 1, 'the event');
      const [{ payload } = { payload: '' }] = run.fn.invocations;
      expect(payload).toBe(
        `{"eventSource":"aws:kafka","eventSourceArn":"${clusterArn}","bootstrapServers":"${endpoints().kafka.brokers.join(',')}","records":{"${run.topic}-0":[{"topic":"${run.topic}","partition":0,"offset":0,"timestamp":1545084650987,"timestampType":"CREATE_TIME","key":"aw==","value":"dg==","headers":[]}]}}`,
      );
    }));

  test('[documented] self-managed: SelfManagedKafka and no ARN', () =>
    withMapping(
      { properties: { SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['broker.example:9092'] } } } },
      async (run) => {
        await produce(run.topic, [{ value: 'v' }]);
        await run.start();
        await run.fn.until(() => run.fn.invocations.length === 1, 'the event');
        expect(Object.keys(run.fn.invocations[0]?.event ?? {})).toEqual(['eventSource', 'bootstrapServers', 'records']);
        expect(run.fn.invocations[0]?.event.eventSource).toBe('SelfManagedKafka');
      },
    ));

  test('[observed] header bytes are signed; [documented] one object a header, in order, repeated names repeated', () =>
    withMapping({}, async (run) => {
      const producer = kafka().producer();
      await producer.connect();
      // kafkajs writes a repeated header from a list, so the order across names is that of the object.
      const headers = { z: ['first', 'second'], é: Buffer.from('ë'), a: 'last' };
      await producer.send({ topic: run.topic, messages: [{ value: 'v', headers }] });
      await producer.disconnect();
      await run.start();
      await run.fn.until(() => run.fn.records.length === 1, 'the record');
      expect(run.fn.records[0]?.headers).toEqual([
        { z: [...Buffer.from('first')] },
        { z: [...Buffer.from('second')] },
        { é: [-61, -85] },
        { a: [...Buffer.from('last')] },
      ]);
    }));

  test('[observed] absent key and value are left out; [inferred] empty ones are ""', () =>
    withMapping({}, async (run) => {
      const messages: Message[] = [
        { key: null, value: 'v' },
        { key: 'k', value: null },
        { key: '', value: '' },
      ];
      await produce(run.topic, messages);
      await run.start();
      await run.fn.until(() => run.fn.records.length === 3, 'the records');
      const [noKey, tombstone, empty] = run.fn.records;
      expect(noKey).not.toHaveProperty('key');
      expect(tombstone).not.toHaveProperty('value');
      expect(empty).toMatchObject({ key: '', value: '' });
    }));

  test('[inferred] nullFields: null shows absent keys and values as null', () =>
    withMapping({ options: { nullFields: 'null' } }, async (run) => {
      await produce(run.topic, [{ key: null, value: null }]);
      await run.start();
      await run.fn.until(() => run.fn.records.length === 1, 'the record');
      expect(run.fn.records[0]).toMatchObject({ key: null, value: null });
    }));

  test('[documented] bytes that are no text survive in base64', () =>
    withMapping({}, async (run) => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
      await produce(run.topic, [{ key: bytes, value: bytes }]);
      await run.start();
      await run.fn.until(() => run.fn.records.length === 1, 'the record');
      expect(Buffer.from(run.fn.records[0]?.value ?? '', 'base64')).toEqual(bytes);
      expect(Buffer.from(run.fn.records[0]?.key ?? '', 'base64')).toEqual(bytes);
    }));

  test('[documented] LOG_APPEND_TIME where the broker sets the time', () =>
    withMapping({ topicSettings: { 'message.timestamp.type': 'LogAppendTime' } }, async (run) => {
      await produce(run.topic, [{ value: 'v', timestamp: '1000' }]);
      await run.start();
      await run.fn.until(() => run.fn.records.length === 1, 'the record');
      expect(run.fn.records[0]?.timestampType).toBe('LOG_APPEND_TIME');
      expect(run.fn.records[0]?.timestamp).toBeGreaterThan(1_600_000_000_000);
    }));

  test.each([
    ['gzip', CompressionTypes.GZIP],
    ['snappy', CompressionTypes.Snappy],
    ['lz4', CompressionTypes.LZ4],
    ['zstd', CompressionTypes.ZSTD],
  ])('[known] records compressed with %s are read', (_name, compression) =>
    withMapping({}, async (run) => {
      registerCodecs();
      const producer = kafka().producer();
      await producer.connect();
      const messages = Array.from({ length: 50 }, (_, index) => ({ value: `value-${index}-${'x'.repeat(200)}` }));
      await producer.send({ topic: run.topic, compression, messages });
      await producer.disconnect();
      await run.start();
      await run.fn.until(() => run.fn.records.length === 50, 'the records');
      expect(run.fn.values).toEqual(messages.map(({ value }) => value));
    }),
  );

  test('[inferred] of transactions committed records only, whoever else writes meanwhile; progress goes past the others', () =>
    withMapping({}, async (run) => {
      const [one, other] = await Promise.all([transactional(`one-${run.topic}`), transactional(`other-${run.topic}`)]);
      const { topic } = run;
      // They end in another order than they began in, and a key of four zero bytes looks like the mark of an end.
      const first = await one.transaction();
      await first.send({ topic, messages: [{ value: 'aborted first', key: Buffer.alloc(4) }] });
      const second = await other.transaction();
      await second.send({ topic, messages: [{ value: 'aborted second' }] });
      await first.send({ topic, messages: [{ value: 'aborted first' }] });
      await produce(topic, [{ value: 'plain' }]);
      await second.abort();
      const third = await other.transaction();
      await third.send({ topic, messages: [{ value: 'committed' }] });
      await first.abort();
      await third.commit();
      await run.start();
      await run.fn.until(() => run.fn.records.length >= 2, 'the records');
      await eventually(() => run.metrics.OffsetLag === 0 && run.metrics.CommittedEventCount === 8, 'the whole topic');
      expect(run.fn.values).toEqual(['plain', 'committed']);
      await Promise.all([one.disconnect(), other.disconnect()]);
    }));

  test('[inferred] a transaction that is open holds back what stands behind it, and nothing of it is passed over', () =>
    withMapping({ partitions: 2 }, async (run) => {
      const producer = await transactional(run.topic);
      const transaction = await producer.transaction();
      await transaction.send({ topic: run.topic, messages: [{ value: 'in the transaction', partition: 0 }] });
      await produce(run.topic, [{ value: 'behind', partition: 0 }]);
      await run.start();
      // A fetch asks for all partitions, so that these come with an answer about the open transaction each.
      for (const tick of ['tick', 'second tick']) {
        await produce(run.topic, [{ value: tick, partition: 1 }]);
        await run.fn.until(() => run.fn.values.includes(tick), tick);
      }
      expect(run.fn.values).toEqual(['tick', 'second tick']);
      await transaction.commit();
      await run.fn.until(() => run.fn.records.length === 4, 'the records');
      expect(run.fn.values.slice(2)).toEqual(['in the transaction', 'behind']);
      await producer.disconnect();
    }));

  test('[inferred] isolationLevel: read_uncommitted shows the records of aborted transactions, too', () =>
    withMapping({ options: { isolationLevel: 'read_uncommitted' } }, async (run) => {
      const producer = await transactional(run.topic);
      const transaction = await producer.transaction();
      await transaction.send({ topic: run.topic, messages: [{ value: 'aborted' }] });
      await transaction.abort();
      await producer.disconnect();
      await produce(run.topic, [{ value: 'plain' }]);
      await run.start();
      await run.fn.until(() => run.fn.records.length === 2, 'the records');
      expect(run.fn.values).toEqual(['aborted', 'plain']);
    }));
});
