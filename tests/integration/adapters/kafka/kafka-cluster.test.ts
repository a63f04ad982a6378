import { KafkaRecordPublisher } from '../../../../functions/adapters/kafka/kafka-record-publisher.ts';
import { describeRecordPublisher } from '../../../contract/record-publisher.ts';
import { KafkaCluster } from '../../../support/kafka-cluster.ts';
import { PublishingLoad } from '../../../support/publishing-load.ts';
import { uniqueName } from '../../../support/servers.ts';
import { readTopic } from '../../../support/topic-records.ts';

const PARTITIONS = 6;

/** A busy machine may take longer to elect a leader than the functions wait. */
const PATIENT = { stallTimeoutMs: 120_000 };

// Brokers are killed, and started on a machine that may be busy.
jest.setTimeout(600_000);

describe('KafkaRecordPublisher on a cluster of three brokers', () => {
  let cluster: KafkaCluster;

  beforeAll(async () => {
    cluster = await KafkaCluster.start();
  });
  afterAll(() => cluster.stop());

  const settings = () => ({ brokers: cluster.addresses, auth: 'none', clientId: 'test' }) as const;

  describeRecordPublisher(() => {
    const publisher = new KafkaRecordPublisher(settings(), PATIENT);
    return {
      publisher,
      createTopic: (topic, partitions) => cluster.createTopic(topic, partitions),
      readTopic: (topic) => readTopic(cluster.addresses, topic),
      close: () => publisher.disconnect(),
    };
  }, uniqueName);

  describe('while several calls are under way', () => {
    let topic: string;
    let publisher: KafkaRecordPublisher;
    let load: PublishingLoad;

    beforeEach(async () => {
      topic = uniqueName('load');
      await cluster.createTopic(topic, PARTITIONS);
      publisher = new KafkaRecordPublisher(settings(), PATIENT);
      load = new PublishingLoad(publisher, { topic, partitions: PARTITIONS, callers: 3 });
      await load.progress();
    });
    afterEach(async () => {
      await load.stop();
      await publisher.disconnect();
    });

    const expectNoFault = async () => {
      await load.stop();
      await cluster.waitForReplicas(topic, PARTITIONS);
      expect(load.findFaults(await readTopic(cluster.addresses, topic))).toEqual({ lost: [], twice: [], disorder: [] });
      expect(load.errors).toEqual([]);
    };

    it('writes everything once and in order when leaders move apart, together and back', async () => {
      for (const partitions of [[0, 1, 2], [3], [0, 1, 2, 3, 4, 5], [1, 3, 5], [0]]) {
        await cluster.moveLeaders(topic, partitions);
        await load.progress();
      }

      await expectNoFault();
    });

    it('writes everything once and in order when a broker is killed, and when it returns', async () => {
      const [victim] = (await cluster.leadersOf(topic)) as [number];

      await cluster.killBroker(victim);
      await load.progress();
      await cluster.startBroker(victim);
      await cluster.waitForReplicas(topic, PARTITIONS);
      await cluster.moveLeaders(topic, [0, 1, 2]);
      await load.progress();

      await expectNoFault();
    });

    it('writes everything once and in order when a broker freezes for longer than a request may take', async () => {
      const [victim] = (await cluster.leadersOf(topic)) as [number];

      cluster.freezeBroker(victim);
      try {
        await load.progress();
      } finally {
        // It now writes what it had received, and has to learn that others lead its partitions.
        cluster.resumeBroker(victim);
      }
      await cluster.waitForReplicas(topic, PARTITIONS);
      await load.progress();

      await expectNoFault();
    });
  });
});
