import { kafka } from '../../../support/event-sources/kafka-client.ts';
import { withMapping } from '../../../support/event-sources/mapping-run.ts';
import { eventually } from '../../../support/eventually.ts';

const PARTITIONS = 6;
const BURSTS = 100;

test.each([
  ['on demand', {}],
  ['provisioned', { ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 2 } }],
])('[goal] records of six partitions that arrive together are one invocation: %s', (_name, properties) =>
  withMapping({ partitions: PARTITIONS, properties }, async (run) => {
    await run.start();
    const producer = kafka().producer();
    await producer.connect();
    try {
      for (let burst = 0; burst < BURSTS; burst++) {
        // 300 records a second in 40 bursts are seven or eight each.
        const messages = Array.from({ length: 8 }, (_, index) => ({
          partition: index % PARTITIONS,
          value: String(burst),
        }));
        await producer.send({ topic: run.topic, messages });
        await eventually(() => run.fn.records.length === 8 * (burst + 1));
      }
    } finally {
      await producer.disconnect();
    }
    expect(run.fn.invocations.length).toBeLessThanOrEqual(1.2 * BURSTS);
  }),
);
