import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { kafka } from '../../../support/event-sources/kafka-client.ts';
import { withMapping } from '../../../support/event-sources/mapping-run.ts';
import { eventually } from '../../../support/eventually.ts';

jest.setTimeout(300_000);

const VALUE_BYTES = 4_096;
const PARTITIONS = 4;

/** The peak memory, in MB, of a process that works through a backlog of so many records and is far from its end. */
async function peakMemoryMb(records: number): Promise<number> {
  let peakMb = Number.NaN;
  await withMapping({ partitions: PARTITIONS, properties: { BatchSize: 100 } }, async (run) => {
    const producer = kafka().producer();
    await producer.connect();
    const value = randomBytes(VALUE_BYTES);
    for (let sent = 0; sent < records; sent += 800) {
      // Small producer batches, because the broker returns them whole.
      await producer.send({
        topic: run.topic,
        messages: Array.from({ length: 800 }, (_, index) => ({ value, partition: index % PARTITIONS })),
      });
    }
    await producer.disconnect();
    run.fn.respond = () => ({ delayMs: 150 });
    const child = await run.startProcess(['--expose-gc']);
    // So late that without flow control all of the backlog would have been in memory.
    await eventually(() => run.fn.records.length >= 4_000);
    child.send('peak memory?');
    const [answer] = (await once(child, 'message')) as [{ peakBytes: number }];
    peakMb = answer.peakBytes / 2 ** 20;
  });
  return peakMb;
}

test('[goal] memory is bounded by batch size and partitions, whatever the backlog is', async () => {
  // 23 MB and 94 MB of values, both more than is ever in memory.
  const small = await peakMemoryMb(6_000);
  const large = await peakMemoryMb(24_000);
  expect(large - small).toBeLessThan(35);
});
