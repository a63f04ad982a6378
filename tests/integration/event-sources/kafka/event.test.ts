import kafkajs, { type Message, type Producer } from 'kafkajs';
import { registerCodecs } from '../../../../localstack/event-sources/kafka/consumer/codecs.ts';
import { kafka, produce } from '../../../support/event-sources/kafka-client.ts';
import { clusterArn, withMapping } from '../../../support/event-sources/mapping-run.ts';
import { eventually } from '../../../support/eventually.ts';
import { endpoints } from '../../../support/servers.ts';

const { CompressionTypes } = kafkajs;

async function transactional(transactionalId: string): Promise<Producer> {
  const producer = kafka().producer({ transactionalId, idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  return producer;
}

describe('The event, as the function gets it', () => {
  test('[documented] MSK: eventSource, ARN, brokers joined by commas, records by topic-partition', () =>
    // Without retention: the broker would delete a record of 2018.
    withMapping({ topicSettings: { 'retention.ms': '-1' } }, async (run) => {
      await produce(run.topic, [{ key: 'k', value: 'v', timestamp: '1545084650987' }]);
      await run.start();
      await eventually(() => run.fn.invocations.length === 1);
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
        await eventually(() => run.fn.invocations.length === 1);
        expect(Object.keys(run.fn.invocations[0]?.event ?? {})).toEqual(['eventSource', 'bootstrapServers', 'records']);
        expect(run.fn.invocations[0]?.event.eventSource).toBe('SelfManagedKafka');
      },
    ));

  test('[observed] header bytes are signed; [documented] one object a header, in order, repeated names repeated', () =>
    withMapping({}, async (run) => {
      const producer = kafka().producer();
      await producer.connect();
      // kafkajs writes a repeated header from a list, so repeated ones are next to each other.
      const headers = { z: ['first', 'second'], é: Buffer.from('ë'), a: 'last' };
      await producer.send({ topic: run.topic, messages: [{ value: 'v', headers }] });
      await producer.disconnect();
      await run.start();
      await eventually(() => run.fn.records.length === 1);
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
      await eventually(() => run.fn.records.length === 3);
      const [noKey, tombstone, empty] = run.fn.records;
      expect(noKey).not.toHaveProperty('key');
      expect(tombstone).not.toHaveProperty('value');
      expect(empty).toMatchObject({ key: '', value: '' });
    }));

  test('[inferred] nullFields: null shows absent keys and values as null', () =>
    withMapping({ options: { nullFields: 'null' } }, async (run) => {
      await produce(run.topic, [{ key: null, value: null }]);
      await run.start();
      await eventually(() => run.fn.records.length === 1);
      expect(run.fn.records[0]).toMatchObject({ key: null, value: null });
    }));

  test('[documented] any bytes of key and value are kept, as base64', () =>
    withMapping({}, async (run) => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
      await produce(run.topic, [{ key: bytes, value: bytes }]);
      await run.start();
      await eventually(() => run.fn.records.length === 1);
      expect(Buffer.from(run.fn.records[0]?.value ?? '', 'base64')).toEqual(bytes);
      expect(Buffer.from(run.fn.records[0]?.key ?? '', 'base64')).toEqual(bytes);
    }));

  test('[documented] LOG_APPEND_TIME where the broker sets the time', () =>
    withMapping({ topicSettings: { 'message.timestamp.type': 'LogAppendTime' } }, async (run) => {
      await produce(run.topic, [{ value: 'v', timestamp: '1000' }]);
      await run.start();
      await eventually(() => run.fn.records.length === 1);
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
      await eventually(() => run.fn.records.length === 50);
      expect(run.fn.values).toEqual(messages.map(({ value }) => value));
    }),
  );

  test('[inferred] only committed records of concurrent transactions are delivered; the others are committed past', () =>
    withMapping({}, async (run) => {
      const [one, other] = await Promise.all([transactional(`one-${run.topic}`), transactional(`other-${run.topic}`)]);
      const { topic } = run;
      // They end in another order than they began, and a key of four zero bytes looks like an abort marker.
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
      await eventually(() => run.fn.records.length >= 2);
      await eventually(() => run.metrics.OffsetLag === 0 && run.metrics.CommittedEventCount === 8);
      expect(run.fn.values).toEqual(['plain', 'committed']);
      await Promise.all([one.disconnect(), other.disconnect()]);
    }));

  test('[inferred] a fetch with aborted records only is committed, without an invocation or a restart', () =>
    withMapping({}, async (run) => {
      const producer = await transactional(run.topic);
      const transaction = await producer.transaction();
      await transaction.send({ topic: run.topic, messages: [{ value: 'aborted' }] });
      await transaction.abort();
      await producer.disconnect();
      await run.start();
      // The record and the abort marker.
      await run.untilCommitted(2);
      await produce(run.topic, [{ value: 'plain' }]);
      await eventually(() => run.fn.values.includes('plain'));
      expect(run.fn.values).toEqual(['plain']);
      expect(run.metrics.PollingErrorCount).toBe(0);
    }));

  test('[inferred] an open transaction holds back the records after it, and its own are not skipped', () =>
    withMapping({ partitions: 2 }, async (run) => {
      const producer = await transactional(run.topic);
      const transaction = await producer.transaction();
      await transaction.send({ topic: run.topic, messages: [{ value: 'in the transaction', partition: 0 }] });
      await produce(run.topic, [{ value: 'after', partition: 0 }]);
      await run.start();
      // A fetch asks for all partitions, so each tick arrives with a response about the open transaction.
      for (const tick of ['tick', 'second tick']) {
        await produce(run.topic, [{ value: tick, partition: 1 }]);
        await eventually(() => run.fn.values.includes(tick));
      }
      expect(run.fn.values).toEqual(['tick', 'second tick']);
      await transaction.commit();
      await eventually(() => run.fn.records.length === 4);
      expect(run.fn.values.slice(2)).toEqual(['in the transaction', 'after']);
      await producer.disconnect();
    }));

  test('[inferred] isolationLevel: read_uncommitted also delivers the records of aborted transactions', () =>
    withMapping({ options: { isolationLevel: 'read_uncommitted' } }, async (run) => {
      const producer = await transactional(run.topic);
      const transaction = await producer.transaction();
      await transaction.send({ topic: run.topic, messages: [{ value: 'aborted' }] });
      await transaction.abort();
      await producer.disconnect();
      await produce(run.topic, [{ value: 'plain' }]);
      await run.start();
      await eventually(() => run.fn.records.length === 2);
      expect(run.fn.values).toEqual(['aborted', 'plain']);
    }));
});
