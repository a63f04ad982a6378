import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAdminClient } from '../../../../functions/adapters/kafka/kafka-client.ts';
import { KafkaRecordPublisher } from '../../../../functions/adapters/kafka/kafka-record-publisher.ts';
import { KafkaTopicAdmin } from '../../../../functions/adapters/kafka/kafka-topic-admin.ts';
import { LocalStack } from '../../../../localstack/stack/local-stack.ts';
import { numbered } from '../../../contract/record-publisher.ts';
import { eventually } from '../../../support/eventually.ts';
import { uniqueName } from '../../../support/servers.ts';
import { readTopic } from '../../../support/topic-records.ts';

// A broker of its own is killed and started again.
jest.setTimeout(600_000);

/** Long enough for a broker that is started on a busy machine. */
const BACK_WITHIN_MS = 240_000;

describe('KafkaRecordPublisher on a single broker that fails', () => {
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

  const start = async (timing: { stallTimeoutMs?: number } = {}) => {
    const settings = { brokers, auth: 'none', clientId: 'test' } as const;
    topic = uniqueName('failing');
    await new KafkaTopicAdmin(settings).createTopics([{ topic, partitions: 2, config: {} }]);
    publisher = new KafkaRecordPublisher(settings, timing);
  };
  afterEach(() => publisher.disconnect());

  /** Publishes a hundred records a call, four calls under way, and repeats what failed, as the functions do. */
  const publishAll = async (calls: number, onAcknowledged: (call: number) => void) => {
    for (let first = 0; first < calls; first += 4) {
      let open = [first, first + 1, first + 2, first + 3];
      await eventually(
        async () => {
          const outcomes = await Promise.allSettled(
            open.map(async (call) => {
              await publisher.publish(topic, numbered(call * 100, 100));
              onAcknowledged(call);
            }),
          );
          open = open.filter((_, index) => outcomes[index]?.status === 'rejected');
          return open.length === 0;
        },
        { withinMs: BACK_WITHIN_MS, what: 'the calls to succeed' },
      );
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

  it('fails in bounded time while the broker hangs, all calls together, and publishes when it is back', async () => {
    await start({ stallTimeoutMs: 4_000 });
    await publisher.publish(topic, numbered(0, 10));
    const pid = await stack.pidOf('kafka');

    process.kill(pid, 'SIGSTOP');
    const startedAt = performance.now();
    const outcomes = await Promise.allSettled(
      [1, 2, 3, 4, 5].map((call) => publisher.publish(topic, numbered(call * 10, 10))),
    );
    const failedAfterMs = performance.now() - startedAt;
    const stillHangs = await publisher.publish(topic, numbered(100, 10)).catch((error: Error) => error);
    process.kill(pid, 'SIGCONT');
    // The broker has to register with its controller again, which may take longer than the stall timeout.
    await eventually(() => publisher.publish(topic, numbered(200, 10)).then(() => true), { withinMs: BACK_WITHIN_MS });

    expect(outcomes.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
    expect(failedAfterMs).toBeGreaterThan(3_900);
    // One after the other they would take 20 s.
    expect(failedAfterMs).toBeLessThan(15_000);
    expect(String(stillHangs)).toContain('expected an acknowledgement from Kafka within 4 s');
    const values = (await readTopic(brokers, topic)).map(({ value }) => Number(value));
    expect(values).toEqual(
      expect.arrayContaining([...numbered(0, 10), ...numbered(200, 10)].map(({ value }) => Number(value))),
    );
  });

  it('writes to a partition that is added to the topic', async () => {
    await start();
    await publisher.publish(topic, numbered(0, 2));
    const kafka = await createAdminClient({ brokers, auth: 'none', clientId: 'test' });
    const admin = kafka.admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    await admin.disconnect();

    await publisher.publish(topic, [{ key: null, value: 'v', partition: 3 }]);

    expect(await readTopic(brokers, topic)).toContainEqual({ partition: 3, key: null, value: 'v' });
  });
});
