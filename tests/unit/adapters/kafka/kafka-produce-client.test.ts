import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { createProduceClient } from '../../../../functions/adapters/kafka/kafka-client.ts';
import { KafkaProduceClient } from '../../../../functions/adapters/kafka/kafka-produce-client.ts';
import { type ProduceClient, TransientKafkaError } from '../../../../functions/adapters/kafka/produce-client.ts';
import { FakeKafkaBroker } from '../../../support/fake-kafka-broker.ts';

const batchFor = (partition: number) => ({
  topic: 'changes',
  partition,
  firstSequence: 0,
  bytes: 1,
  records: [{ topic: 'changes', partition, key: null, value: Buffer.from('v'), timestamp: 0n }],
});

const brokers: FakeKafkaBroker[] = [];
let client: ProduceClient | undefined;

const startBroker = async (options?: Parameters<typeof FakeKafkaBroker.start>[0]) => {
  const broker = await FakeKafkaBroker.start(options);
  brokers.push(broker);
  return broker;
};
const clientOf = async (...ports: number[]) => {
  client = await createProduceClient({
    brokers: ports.map((port) => `127.0.0.1:${port}`),
    auth: 'none',
    clientId: 'test',
  });
  return client;
};

afterEach(async () => {
  await client?.close();
  client = undefined;
  for (const broker of brokers.splice(0)) await broker.stop();
});

describe('KafkaProduceClient', () => {
  it('reports for each partition whether its batch is written, may be sent again, or is refused', async () => {
    const [none, notLeader, duplicate, tooLarge, tooFewReplicas, outOfOrder] = [0, 6, 46, 10, 19, 45];
    const errorCodes = [none, notLeader, duplicate, tooLarge, tooFewReplicas, outOfOrder];
    const { port } = await startBroker({ topic: { name: 'changes', errorCodes } });
    const open = await clientOf(port);
    await open.open();
    const leaders = await open.readLeaders('changes');
    expect(leaders).toEqual(errorCodes.map(() => ({ id: 1, host: '127.0.0.1', port })));

    const outcomes = await open.produce(
      { id: 1, host: '127.0.0.1', port },
      errorCodes.map((_, partition) => batchFor(partition)),
    );

    expect(outcomes).toEqual([
      7n,
      expect.any(TransientKafkaError),
      'written',
      expect.any(Error),
      expect.any(TransientKafkaError),
      expect.any(Error),
    ]);
    expect(outcomes[1]).toHaveProperty(
      'message',
      expect.stringMatching(/partition 1 of changes: .*not the current leader/),
    );
    expect(outcomes[3]).toHaveProperty('message', expect.stringMatching(/To mend it, reset max\.message\.bytes/));
    expect(outcomes[4]).toHaveProperty('message', expect.stringMatching(/min\.insync\.replicas of the topic\.$/));
    for (const refused of [outcomes[3], outcomes[5]]) expect(refused).not.toBeInstanceOf(TransientKafkaError);
  });

  it('may repeat a call to a broker that is not there', async () => {
    const broker = await startBroker();
    await broker.stop();
    brokers.length = 0;
    const closed = await clientOf(broker.port);

    await expect(closed.open()).rejects.toThrow(TransientKafkaError);
    await expect(closed.open()).rejects.toThrow(`Connection to 127.0.0.1:${broker.port} failed.`);
  });

  it('asks the next broker when one does not answer', async () => {
    const [hanging, healthy] = [await startBroker(), await startBroker()];
    hanging.hangs = true;

    // The order is random, so several clients are needed until the hanging broker is the first choice of one.
    while (hanging.requests.length === 0) {
      await client?.close();
      client = new KafkaProduceClient({
        brokers: [hanging.port, healthy.port].map((port) => `127.0.0.1:${port}`),
        clientId: 'test',
        connectTimeoutMs: 1_000,
        lookupTimeoutMs: 100,
      });
      await client.open();
    }

    expect(healthy.requests).toContain('InitProducerId');
  });

  describe('over TLS', () => {
    const [cert, key] = ['server.crt', 'server.key'].map((file) =>
      readFileSync(join(__dirname, '../../../fixtures/tls', file), 'utf8'),
    ) as [string, string];
    const authorities = tls.getCACertificates('default');

    beforeEach(() => tls.setDefaultCACertificates([...authorities, cert]));
    afterEach(() => tls.setDefaultCACertificates(authorities));

    it('signs in to MSK with a token that the role has signed', async () => {
      const { port, signIns } = await startBroker({ secure: { cert, key } });
      const environment = { ...process.env };
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret' });
      try {
        client = await createProduceClient({
          brokers: [`localhost:${port}`],
          auth: 'iam',
          region: 'eu-central-1',
          clientId: 'test',
        });
        await client.open();
      } finally {
        process.env = environment;
      }

      const [signIn] = signIns;
      const [, token = ''] = signIn?.replaceAll('\u0001', '|').match(/^n,,\|auth=Bearer ([\w-]+)\|\|$/) ?? [];
      const url = new URL(Buffer.from(token, 'base64url').toString());
      expect(url.host).toBe('kafka.eu-central-1.amazonaws.com');
      expect(url.searchParams.get('Action')).toBe('kafka-cluster:Connect');
      expect(url.searchParams.get('X-Amz-Credential')).toContain('AKIAEXAMPLE');
      expect(url.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
    });

    it.each(['looks up', 'produces'])(
      'survives the reset of a connection whose sign-in failed while it %s',
      async (step) => {
        const broker = await startBroker({ secure: { cert, key }, topic: { name: 'changes', errorCodes: [0] } });
        let hasCredentials = step === 'produces';
        const failing = new KafkaProduceClient({
          brokers: [`localhost:${broker.port}`],
          clientId: 'test',
          connectTimeoutMs: 1_000,
          tokenProvider: async () => {
            if (!hasCredentials) throw new Error('no credentials');
            return 'token';
          },
        });
        client = failing;
        if (hasCredentials) await failing.open();
        hasCredentials = false;
        const call = () =>
          step === 'produces'
            ? failing.produce({ id: 1, host: 'localhost', port: broker.port }, [batchFor(0)])
            : failing.open();

        await expect(call()).rejects.toThrow('localhost');
        broker.resetConnections();

        // Jest fails a test during which an exception is uncaught. The second handshake ends after the reset has arrived.
        await expect(call()).rejects.toThrow('localhost');
      },
    );
  });

  it('needs a region to sign in to MSK', async () => {
    await expect(createProduceClient({ brokers: ['localhost:1'], auth: 'iam', clientId: 'test' })).rejects.toThrow(
      'expected a region to sign in to MSK with IAM, got none',
    );
  });
});
