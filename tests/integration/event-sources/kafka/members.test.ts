import { produce } from '../../../support/event-sources/kafka-client.ts';
import { kill, MappingRun, withMapping } from '../../../support/event-sources/mapping-run.ts';
import { eventually } from '../../../support/eventually.ts';
import { createTopic } from '../../../support/servers.ts';

jest.setTimeout(300_000);

const range = (length: number) => Array.from({ length }, (_, index) => index);

function produceToEach(topic: string, partitionCount: number, recordsPerPartition: number): Promise<void> {
  const messages = range(partitionCount).flatMap((partition) =>
    range(recordsPerPartition).map((index) => ({ partition, value: `${partition}:${index}` })),
  );
  return produce(topic, messages);
}

/** A repeated record is one that was delivered before: the first deliveries are complete and in order. */
function expectInOrder(
  delivered: readonly { partition: number; offset: number }[],
  partitionCount: number,
  recordsPerPartition: number,
): void {
  for (const partition of range(partitionCount)) {
    const offsets = delivered.filter((record) => record.partition === partition).map(({ offset }) => offset);
    expect([...new Set(offsets)]).toEqual(range(recordsPerPartition));
  }
}

test('[documented] members share the partitions; a rebalance may repeat records, but neither reorders nor loses them', async () => {
  const topic = await createTopic('esm-rebalance', 4);
  await withMapping({ topic, properties: { BatchSize: 5 } }, async (one) => {
    const other = new MappingRun(topic, `${one.directory}/other`, one.fn, { topic, properties: { BatchSize: 5 } });
    const inFlight = new Set<string>();
    let concurrentBatches = 0;
    let joined = false;
    one.fn.respond = (event) => {
      const partitions = Object.keys(event.records);
      for (const partition of partitions) {
        if (inFlight.has(partition)) concurrentBatches += 1;
        inFlight.add(partition);
      }
      const onSent = () => {
        for (const partition of partitions) inFlight.delete(partition);
      };
      // Slow until the other member has joined: batches are in flight during the rebalance, and records are left to share.
      if (joined) return { delayMs: 20, onSent };
      return { delayMs: one.fn.records.length <= 40 ? 400 : 4_000, onSent };
    };
    await produceToEach(topic, 4, 200);
    await one.start();
    await eventually(() => one.fn.records.length > 40);
    await other.start();
    joined = true;
    const assigned = (run: MappingRun) =>
      run.lines.findLast(({ message }) => message === 'polling')?.['assignedPartitions'] as unknown[] | undefined;
    await eventually(() => assigned(one)?.length === 2 && assigned(other)?.length === 2);
    await eventually(() => other.metrics.InvokedEventCount > 50);
    await other.stop();
    await one.untilCommitted(200, 120_000);
    // A partition that moved to the other member while its batch was in flight would have two batches at a time.
    expect(concurrentBatches).toBe(0);
    expectInOrder(one.fn.records, 4, 200);
  });
});

test('[goal] after kill -9 records are delivered at least once, in order, and the next process does not wait for the stale member', async () => {
  const topic = await createTopic('esm-killed', 3);
  // The group waits for a stale member for ten minutes, which is longer than this test may take.
  await withMapping({ topic, properties: { BatchSize: 7 }, timeoutSeconds: 570 }, async (run) => {
    run.fn.respond = () => ({ delayMs: 5 });
    await produceToEach(topic, 3, 600);
    for (const untilRecords of [150, 500, 900]) {
      const child = await run.startProcess();
      await eventually(() => run.fn.records.length > untilRecords);
      await kill(child);
    }
    await run.start();
    await run.untilCommitted(600, 120_000);
    expectInOrder(run.fn.records, 3, 600);
  });
});
