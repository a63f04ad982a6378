import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Partitioners } from 'kafkajs';
import { KafkaRecordPublisher } from '../../../functions/adapters/kafka/kafka-record-publisher.ts';
import { KafkaTopicAdmin } from '../../../functions/adapters/kafka/kafka-topic-admin.ts';
import type { OutgoingRecord } from '../../../functions/core/kafka-record.ts';
import { LocalStack } from '../../../localstack/stack/local-stack.ts';
import { createTopic, endpoints, uniqueName } from '../../support/servers.ts';
import { readTopic } from '../../support/topic-records.ts';

const numbered = (from: number, count: number, key: string | null = null): OutgoingRecord[] =>
  Array.from({ length: count }, (_, index) => ({ key, value: String(from + index) }));

const ascending = (left: number, right: number) => left - right;

// Brokers of its own are killed and started again.
jest.setTimeout(600_000);

/** Long enough for a broker that is started on a busy machine. */
const BACK_WITHIN_MS = 240_000;

describe('on a healthy broker', () => {
  const brokers = () => endpoints().kafka.brokers;
  const settings = () => ({ brokers: brokers(), auth: 'none', clientId: 'test' }) as const;
  const admin = () => new KafkaTopicAdmin(settings());
  let publisher: KafkaRecordPublisher;

  beforeEach(() => {
    publisher = new KafkaRecordPublisher(settings());
  });
  afterEach(() => publisher.disconnect());

  it('writes every record of many calls under way once, in order of the calls within each partition', async () => {
    const topic = await createTopic('many', 3);

    await Promise.all(Array.from({ length: 60 }, (_, call) => publisher.publish(topic, numbered(call * 500, 500))));

    const records = await readTopic(brokers(), topic);
    expect(records.map(({ value }) => Number(value)).sort(ascending)).toEqual([...Array(30_000).keys()]);
    for (const partition of [0, 1, 2]) {
      const values = records.filter((record) => record.partition === partition).map(({ value }) => Number(value));
      expect(values.length).toBe(10_000);
      expect(values).toEqual(values.toSorted(ascending));
    }
  });

  it('sends a key where every client of Kafka sends it, and keeps the order of its records', async () => {
    const topic = await createTopic('keyed', 6);
    const keys = Array.from({ length: 50 }, (_, index) => String(index * 7919));

    await Promise.all(
      [0, 1, 2].map((round) =>
        publisher.publish(
          topic,
          keys.map((key) => ({ key, value: `${key}:${round}` })),
        ),
      ),
    );

    const records = await readTopic(brokers(), topic);
    const partitionOf = Partitioners.JavaCompatiblePartitioner();
    const partitionMetadata = Array.from({ length: 6 }, (_, partitionId) => ({ partitionId, leader: 1 })) as never;
    for (const key of keys) {
      const own = records.filter((record) => record.key === key);
      expect(own.map(({ value }) => value)).toEqual([0, 1, 2].map((round) => `${key}:${round}`));
      expect(own[0]?.partition).toBe(partitionOf({ topic, partitionMetadata, message: { key, value: '' } }));
    }
  });

  it('spreads one large call over batches that the broker takes', async () => {
    const topic = await createTopic('large', 2);
    const value = 'x'.repeat(250_000);

    await publisher.publish(
      topic,
      Array.from({ length: 40 }, () => ({ key: null, value })),
    );

    expect(await readTopic(brokers(), topic)).toHaveLength(40);
  });

  it('puts records with a partition there, values and keys of any kind included', async () => {
    const topic = await createTopic('explicit', 3);

    await publisher.publish(topic, [
      { key: null, value: Buffer.from('größe'), partition: 2 },
      { key: 'ключ', value: '🐘', partition: 0 },
    ]);

    expect(await readTopic(brokers(), topic)).toEqual(
      expect.arrayContaining([
        { partition: 2, key: null, value: 'größe' },
        { partition: 0, key: 'ключ', value: '🐘' },
      ]),
    );
  });

  it('throws when the broker refuses a record, and publishes again afterwards', async () => {
    const topic = await createTopic('refused', 1);

    await expect(publisher.publish(topic, [{ key: null, value: 'x'.repeat(2_000_000) }])).rejects.toThrow(
      'larger than the max message size',
    );
    await publisher.publish(topic, numbered(0, 1));

    expect(await readTopic(brokers(), topic)).toHaveLength(1);
  });

  it('throws when there is no such topic, and publishes once it is there', async () => {
    const topic = uniqueName('late');

    await expect(publisher.publish(topic, numbered(0, 1))).rejects.toThrow('does not host this topic-partition');
    await admin().createTopics([{ topic, partitions: 1, config: {} }]);
    await publisher.publish(topic, numbered(0, 1));

    expect(await readTopic(brokers(), topic)).toHaveLength(1);
  });

  it('creates topics when twenty do so at once, and reports one that has fewer partitions', async () => {
    const specification = { topic: uniqueName('wanted'), partitions: 4, config: { 'retention.ms': '60000' } };

    const reports = await Promise.all(Array.from({ length: 20 }, () => admin().createTopics([specification])));

    expect(reports.flat().filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    expect(await admin().createTopics([{ ...specification, partitions: 9 }])).toEqual([
      { topic: specification.topic, outcome: 'exists', partitions: 4, partitionsWanted: 9 },
    ]);
    expect(await admin().partitionCount(specification.topic)).toBe(4);
  });

  it('names the topic and the reason when the broker refuses to create it', async () => {
    const topic = uniqueName('odd');

    await expect(admin().createTopics([{ topic, partitions: 1, config: { 'no.such': '1' } }])).rejects.toThrow(
      new RegExp(`${topic}.*no\\.such.*Configuration is invalid`),
    );
  });
});

describe('on a broker that fails', () => {
  let directory: string;
  let stack: LocalStack;
  let brokers: string[];
  let publisher: KafkaRecordPublisher;
  let topic: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kafka-publisher-'));
    stack = new LocalStack({ directory, ports: 'free', servers: ['kafka'], onNotice: () => {}, onFatal: () => {} });
    ({ brokers } = (await stack.start()).kafka);
  });
  afterAll(async () => {
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const start = async (stallTimeoutMs?: number) => {
    const settings = { brokers, auth: 'none', clientId: 'test' } as const;
    topic = uniqueName('failing');
    await new KafkaTopicAdmin(settings).createTopics([{ topic, partitions: 2, config: {} }]);
    publisher = new KafkaRecordPublisher(settings, stallTimeoutMs === undefined ? {} : { stallTimeoutMs });
  };
  afterEach(() => publisher.disconnect());

  /** Publishes a hundred records a call, four calls under way, and repeats what failed, as a caller does. */
  const publishAll = async (calls: number, onAcknowledged: (call: number) => void) => {
    for (let first = 0; first < calls; first += 4) {
      let open = [first, first + 1, first + 2, first + 3];
      const deadline = performance.now() + BACK_WITHIN_MS;
      while (open.length > 0) {
        if (performance.now() > deadline) throw new Error(`calls ${open} did not succeed in ${BACK_WITHIN_MS} ms`);
        const outcomes = await Promise.allSettled(
          open.map(async (call) => {
            await publisher.publish(topic, numbered(call * 100, 100));
            onAcknowledged(call);
          }),
        );
        open = open.filter((_, index) => outcomes[index]?.status === 'rejected');
      }
    }
  };

  it('loses nothing that was acknowledged when the broker is killed and started again', async () => {
    await start();
    const acknowledged = new Set<number>();
    const pid = await stack.pidOf('kafka');

    await publishAll(800, (call) => {
      acknowledged.add(call);
      if (acknowledged.size === 200) process.kill(pid, 'SIGKILL');
    });

    expect(acknowledged.size).toBe(800);
    expect(await stack.pidOf('kafka')).not.toBe(pid);
    const values = new Set((await readTopic(brokers, topic)).map(({ value }) => Number(value)));
    expect(values.size).toBe(80_000);
  });

  it('fails in bounded time while the broker hangs, all calls together, and goes on when it is back', async () => {
    await start(4_000);
    await publisher.publish(topic, numbered(0, 10));
    const pid = await stack.pidOf('kafka');

    process.kill(pid, 'SIGSTOP');
    const began = performance.now();
    const outcomes = await Promise.allSettled(
      [1, 2, 3, 4, 5].map((call) => publisher.publish(topic, numbered(call * 10, 10))),
    );
    const failedAfterMs = performance.now() - began;
    const stillHangs = await publisher.publish(topic, numbered(100, 10)).catch((error: Error) => error);
    process.kill(pid, 'SIGCONT');
    // It has to let itself into its cluster again first, and may take longer for that than this publisher waits.
    const deadline = performance.now() + BACK_WITHIN_MS;
    for (let isBack = false; !isBack; ) {
      isBack = await publisher.publish(topic, numbered(200, 10)).then(
        () => true,
        (error) => {
          if (performance.now() > deadline) throw error;
          return false;
        },
      );
    }

    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(failedAfterMs).toBeGreaterThan(3_900);
    // Each of the five would wait for four seconds by itself.
    expect(failedAfterMs).toBeLessThan(15_000);
    expect(String(stillHangs)).toContain('expected an acknowledgement from Kafka within 4 s');
    const values = (await readTopic(brokers, topic)).map(({ value }) => Number(value));
    expect(values).toEqual(
      expect.arrayContaining([...numbered(0, 10), ...numbered(200, 10)].map(({ value }) => Number(value))),
    );
  });
});
