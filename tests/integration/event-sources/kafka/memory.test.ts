import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { kafka, withMapping } from '../../../support/event-sources/mapping-run.ts';

jest.setTimeout(300_000);

const VALUE_BYTES = 4_096;
const PARTITIONS = 4;

/** The most memory in MB held by a process that works at a backlog of so many records, and is far from its end when asked. */
async function peakMemoryMb(records: number): Promise<number> {
  let peakMb = Number.NaN;
  await withMapping({ partitions: PARTITIONS, properties: { BatchSize: 100 } }, async (run) => {
    const producer = kafka().producer();
    await producer.connect();
    const value = randomBytes(VALUE_BYTES);
    for (let sent = 0; sent < records; sent += 800) {
      // The broker hands out a producer's batch whole, so these are small ones.
      await producer.send({
        topic: run.topic,
        messages: Array.from({ length: 800 }, (_, index) => ({ value, partition: index % PARTITIONS })),
      });
    }
    await producer.disconnect();
    run.fn.answer = () => ({ delayMs: 150 });
    const child = await run.startProcess(['--expose-gc']);
    // Long enough to have read all of it, had nothing held the broker off.
    await run.fn.until(() => run.fn.records.length >= 3_200, 'a part of the backlog');
    child.send('peak memory?');
    const [answer] = (await once(child, 'message')) as [{ peakBytes: number }];
    peakMb = answer.peakBytes / 2 ** 20;
  });
  return peakMb;
}

test('[goal] memory is bounded by batch size and partitions, whatever the backlog', async () => {
  // Both more than is ever held: 47 MB of values against 188 MB; in base64 and as strings half as much again.
  const small = await peakMemoryMb(12_000);
  const large = await peakMemoryMb(48_000);
  expect(large - small).toBeLessThan(60);
});
