import { TransientKafkaError } from '../../../../functions/adapters/kafka/produce-client.ts';
import { FakeKafkaCluster, openSession, recordsFor } from '../../../support/fake-kafka-cluster.ts';

const TOPIC = 'changes';

let cluster: FakeKafkaCluster;

beforeEach(() => {
  cluster = new FakeKafkaCluster(3);
  cluster.createTopic(TOPIC, 6);
});

describe('ProducerSession', () => {
  it('keeps the order of two calls of which the first one has to repeat its look at the leaders', async () => {
    let looks = 0;
    cluster.onReadLeaders = () => {
      looks += 1;
      if (looks === 1) throw new TransientKafkaError('connection closed');
    };
    const session = openSession(cluster, { retryDelayMs: 20 });
    const first = session.publish(TOPIC, recordsFor(0, 'a'));
    while (looks === 0) await new Promise((resolve) => setImmediate(resolve));

    await Promise.all([first, session.publish(TOPIC, recordsFor(0, 'b'))]);

    expect(cluster.valuesOf(TOPIC, 0)).toEqual(['a', 'b']);
  });

  it('writes to a partition that was added to the topic', async () => {
    const session = openSession(cluster);
    cluster.createTopic('grown', 1);
    await session.publish('grown', recordsFor(0, 'a'));
    cluster.addPartition('grown');

    await session.publish('grown', recordsFor(1, 'b'));

    expect(cluster.valuesOf('grown', 1)).toEqual(['b']);
  });

  it('looks every five minutes for added partitions, so that keys use them too', async () => {
    const nowMs = jest.spyOn(performance, 'now').mockReturnValue(0);
    try {
      const session = openSession(cluster);
      // With two partitions this key belongs to the second one.
      const keyed = { key: 'abc', value: 'keyed' };
      cluster.createTopic('grown', 1);
      await session.publish('grown', [keyed]);
      cluster.addPartition('grown');

      nowMs.mockReturnValue(4 * 60_000);
      await session.publish('grown', [keyed]);
      expect(cluster.valuesOf('grown', 1)).toEqual([]);
      nowMs.mockReturnValue(6 * 60_000);
      await session.publish('grown', [keyed]);
      expect(cluster.valuesOf('grown', 1)).toEqual(['keyed']);
    } finally {
      nowMs.mockRestore();
    }
  });

  it('connects again until the cluster answers', async () => {
    let attempts = 0;
    cluster.onOpen = () => {
      attempts += 1;
      if (attempts < 3) throw new TransientKafkaError('connect ECONNREFUSED');
    };

    await openSession(cluster).connect();

    expect(attempts).toBe(3);
  });

  it('fails all calls, also those that wait for their turn, when a broker refuses a batch for good', async () => {
    cluster.onProduce = (_, [batch]) => (batch?.partition === 0 ? new Error('record too large') : 'served');
    cluster.requestMs = () => 2;
    const session = openSession(cluster);

    const outcomes = await Promise.allSettled([
      session.publish(TOPIC, recordsFor(0, 'a')),
      session.publish(TOPIC, recordsFor(0, 'b')),
      session.publish(TOPIC, recordsFor(3, 'c')),
    ]);

    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.message)).toEqual(
      Array(3).fill('record too large'),
    );
    expect(cluster.sessionFailures).toBe(1);
    expect(cluster.requests).toEqual(['1: changes/0']);
    await expect(session.publish(TOPIC, recordsFor(1, 'd'))).rejects.toThrow('record too large');
    expect(cluster.closedClients).toBe(1);
  });

  it('fails when nothing is acknowledged for the stall timeout, with the last problem', async () => {
    cluster.onProduce = () => new TransientKafkaError('connect ECONNREFUSED 127.0.0.1:9092');
    const startedAt = performance.now();

    await expect(openSession(cluster, { stallTimeoutMs: 60 }).publish(TOPIC, recordsFor(0, 'a'))).rejects.toMatchObject(
      {
        code: 'PIPE_KAFKA_STALLED',
        retry: 'timed',
        message: expect.stringContaining('connect ECONNREFUSED 127.0.0.1:9092'),
      },
    );

    expect(performance.now() - startedAt).toBeGreaterThan(55);
  });

  it('names the last problem also when the leaders cannot be read any more', async () => {
    const session = openSession(cluster, { stallTimeoutMs: 1_000 });
    await session.publish(TOPIC, recordsFor(0, 'a'));
    cluster.onProduce = () => 'request lost';
    cluster.onReadLeaders = () => {
      throw new TransientKafkaError('no broker answers');
    };

    await expect(session.publish(TOPIC, recordsFor(0, 'b'))).rejects.toThrow('no broker answers');
  });

  it('may rest for longer than the stall timeout between calls', async () => {
    const session = openSession(cluster, { stallTimeoutMs: 500 });
    await session.publish(TOPIC, recordsFor(0, 'a'));

    await new Promise((resolve) => setTimeout(resolve, 700));
    await session.publish(TOPIC, recordsFor(0, 'b'));

    expect(cluster.sessionFailures).toBe(0);
    expect(cluster.valuesOf(TOPIC, 0)).toEqual(['a', 'b']);
  });

  it('does not fail for the stall timeout while some calls are acknowledged', async () => {
    cluster.moveLeader(TOPIC, 0, undefined);
    const session = openSession(cluster, { stallTimeoutMs: 1_000 });
    const waiting = session.publish(TOPIC, recordsFor(0, 'late'));

    const untilMs = performance.now() + 1_500;
    while (performance.now() < untilMs) await session.publish(TOPIC, recordsFor(1, 'v'));
    cluster.moveLeader(TOPIC, 0, 1);
    await waiting;

    expect(cluster.valuesOf(TOPIC, 0)).toEqual(['late']);
  });

  it('sends nothing more after a failure', async () => {
    cluster.onProduce = () => 'request lost';
    const session = openSession(cluster, { stallTimeoutMs: 20 });
    await expect(session.publish(TOPIC, recordsFor(0, 'a'))).rejects.toThrow('expected an acknowledgement');
    const sent = cluster.requests.length;

    await new Promise((resolve) => setTimeout(resolve, 30));

    expect(cluster.requests).toHaveLength(sent);
  });

  it('closes when the calls under way have ended', async () => {
    cluster.requestMs = () => 20;
    const session = openSession(cluster);
    const call = session.publish(TOPIC, recordsFor(0, 'a'));

    await session.close();

    expect(cluster.valuesOf(TOPIC, 0)).toEqual(['a']);
    expect(cluster.closedClients).toBe(1);
    await call;
  });
});
