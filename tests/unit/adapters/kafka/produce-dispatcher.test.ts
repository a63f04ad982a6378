import fc from 'fast-check';
import { sequenceAfter } from '../../../../functions/adapters/kafka/produce-dispatcher.ts';
import { FakeKafkaCluster, openSession, type RequestFate, recordsFor } from '../../../support/fake-kafka-cluster.ts';

const TOPIC = 'changes';

let cluster: FakeKafkaCluster;

beforeEach(() => {
  cluster = new FakeKafkaCluster(3);
  cluster.createTopic(TOPIC, 6);
});

describe('ProduceDispatcher', () => {
  it('sends the records of a call in one request to each broker', async () => {
    const session = openSession(cluster);

    await session.publish(
      TOPIC,
      [0, 1, 2, 3, 4, 5].flatMap((partition) => recordsFor(partition, 'v')),
    );

    expect(cluster.requests).toEqual(['1: changes/0, changes/3', '2: changes/1, changes/4', '3: changes/2, changes/5']);
  });

  it('sends what has gathered during a request in the next one, one batch of each partition', async () => {
    cluster.requestMs = () => 5;
    const session = openSession(cluster);

    await Promise.all([
      session.publish(TOPIC, recordsFor(0, 'a')),
      session.publish(TOPIC, recordsFor(0, 'b')),
      session.publish(TOPIC, recordsFor(3, 'c')),
    ]);

    expect(cluster.requests).toEqual(['1: changes/0', '1: changes/0, changes/3']);
    expect(cluster.valuesOf(TOPIC, 0)).toEqual(['a', 'b']);
  });

  it('keeps a request below what a broker accepts', async () => {
    cluster = new FakeKafkaCluster(1);
    cluster.createTopic(TOPIC, 40);
    const value = 'x'.repeat(850_000);

    await openSession(cluster).publish(
      TOPIC,
      Array.from({ length: 40 }, (_, partition) => ({ key: null, value, partition })),
    );

    expect(cluster.requests.map((request) => request.split(',').length)).toEqual([19, 19, 2]);
  });

  it('returns the offsets of each batch, except where only the repetition of a lost response is acknowledged', async () => {
    const session = openSession(cluster);
    await session.publish(TOPIC, recordsFor(0, 'a'));
    cluster.onProduce = ({ id }) => (id === 2 && cluster.requests.length < 4 ? 'response lost' : 'served');

    expect(await session.publish(TOPIC, [...recordsFor(0, 'b', 'c'), ...recordsFor(1, 'd')])).toEqual([
      { topic: TOPIC, partition: 0, first: 1n, next: 3n },
    ]);
  });

  it('writes once when the response to a request is lost', async () => {
    cluster.onProduce = () => (cluster.requests.length === 1 ? 'response lost' : 'served');

    await openSession(cluster).publish(TOPIC, recordsFor(0, 'a', 'b'));

    expect(cluster.valuesOf(TOPIC, 0)).toEqual(['a', 'b']);
    expect(cluster.requests).toHaveLength(2);
  });

  it('sends the partitions of a failed request to different brokers when their leaders have moved apart', async () => {
    const session = openSession(cluster);
    await session.publish(TOPIC, [...recordsFor(0, 'a'), ...recordsFor(3, 'a')]);
    cluster.moveLeader(TOPIC, 3, 2);

    await session.publish(TOPIC, [...recordsFor(0, 'b'), ...recordsFor(3, 'b')]);

    expect(cluster.requests.slice(1)).toEqual(['1: changes/0, changes/3', '2: changes/3']);
    expect(cluster.valuesOf(TOPIC, 0)).toEqual(['a', 'b']);
    expect(cluster.valuesOf(TOPIC, 3)).toEqual(['a', 'b']);
  });

  it('looks for the leader again until it has moved', async () => {
    const session = openSession(cluster);
    await session.publish(TOPIC, recordsFor(0, 'a'));
    cluster.moveLeader(TOPIC, 0, 2);
    let looks = 0;
    cluster.readsStaleLeaders = () => ++looks < 4;

    await session.publish(TOPIC, recordsFor(0, 'b'));

    expect(cluster.valuesOf(TOPIC, 0)).toEqual(['a', 'b']);
    expect(cluster.requests.at(-1)).toBe('2: changes/0');
  });

  it('does not send a batch to a new leader while the former one may still answer', async () => {
    const session = openSession(cluster);
    await session.publish(TOPIC, [...recordsFor(0, 'a'), ...recordsFor(1, 'a')]);
    cluster.onProduce = ({ id }) => (id === 1 ? 'late' : 'served');
    cluster.requestMs = () => (cluster.requests.at(-1)?.startsWith('1:') ? 40 : 0);
    const slow = session.publish(TOPIC, recordsFor(0, 'b', 'c'));
    cluster.moveLeader(TOPIC, 0, 3);
    cluster.moveLeader(TOPIC, 1, 3);

    await session.publish(TOPIC, recordsFor(1, 'b'));
    expect(cluster.requests.slice(2)).toEqual(['1: changes/0', '2: changes/1', '3: changes/1']);
    await Promise.all([slow, session.publish(TOPIC, recordsFor(0, 'd'))]);

    expect(cluster.valuesOf(TOPIC, 0)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('waits for a partition without a leader, and writes the other ones meanwhile', async () => {
    cluster.moveLeader(TOPIC, 0, undefined);
    const session = openSession(cluster);
    const waiting = session.publish(TOPIC, recordsFor(0, 'a'));

    await session.publish(TOPIC, recordsFor(1, 'b'));
    expect(cluster.valuesOf(TOPIC, 1)).toEqual(['b']);
    cluster.moveLeader(TOPIC, 0, 3);
    await waiting;

    expect(cluster.valuesOf(TOPIC, 0)).toEqual(['a']);
  });
});

const fate = fc.constantFrom<RequestFate>('served', 'served', 'served', 'request lost', 'response lost', 'late');
const history = fc.record({
  fates: fc.infiniteStream(fate),
  delays: fc.infiniteStream(fc.nat({ max: 3 })),
  stale: fc.infiniteStream(fc.boolean()),
  moves: fc.array(fc.record({ partition: fc.nat({ max: 5 }), leader: fc.option(fc.integer({ min: 1, max: 3 })) }), {
    maxLength: 12,
  }),
  calls: fc.array(fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 25 }),
});

it('writes every record once and in order, whatever becomes of requests, responses and leaders', async () => {
  await fc.assert(
    fc.asyncProperty(history, async ({ fates, delays, stale, moves, calls }) => {
      cluster = new FakeKafkaCluster(3);
      cluster.createTopic(TOPIC, 6);
      cluster.onProduce = () => fates.next().value as RequestFate;
      cluster.requestMs = () => delays.next().value as number;
      cluster.readsStaleLeaders = () => stale.next().value as boolean;
      const session = openSession(cluster);
      const expected: string[][] = Array.from({ length: 6 }, () => []);

      const published = calls.map((partitions) =>
        session.publish(
          TOPIC,
          partitions.map((partition) => {
            const value = String(expected[partition]?.length);
            expected[partition]?.push(value);
            return { key: null, value, partition };
          }),
        ),
      );
      for (const { partition, leader } of moves) {
        cluster.moveLeader(TOPIC, partition, leader ?? undefined);
        await new Promise((resolve) => setTimeout(resolve, delays.next().value as number));
      }
      for (let partition = 0; partition < 6; partition += 1) cluster.moveLeader(TOPIC, partition, (partition % 3) + 1);
      await Promise.all(published);
      await cluster.settled();

      expect(expected.map((_, partition) => cluster.valuesOf(TOPIC, partition))).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

it('continues sequences at 0 after the greatest number of 31 bits', () => {
  expect(sequenceAfter(2 ** 31 - 10, 9)).toBe(2 ** 31 - 1);
  expect(sequenceAfter(2 ** 31 - 10, 10)).toBe(0);
  expect(sequenceAfter(2 ** 31 - 10, 15)).toBe(5);
});
