import { Batch } from '../../../../../localstack/event-sources/kafka/batching/batch.ts';
import { PartitionQueue } from '../../../../../localstack/event-sources/kafka/batching/partition-queue.ts';
import { polledRecord } from '../fixtures.ts';

/** A batch of offsets 5 and 7 of partition 0 and offsets 1 and 2 of partition 1; the queues were polled further. */
function setUp() {
  const queues = [new PartitionQueue(0, 5), new PartitionQueue(1, 1)] as const;
  queues[0].advanceTo(10);
  queues[1].advanceTo(5);
  queues[1].push(polledRecord(4, { partition: 1 }));
  const records = [polledRecord(5), polledRecord(7), ...[1, 2].map((offset) => polledRecord(offset, { partition: 1 }))];
  const commits = new Map<number, number>();
  const commit = (partition: number, offset: number) => void commits.set(partition, offset);
  return { batch: new Batch(records, queues, { commit }), records, commits };
}

test('a batch that is settled as a whole commits past what was filtered out after it, up to the next queued record', () => {
  const { batch, records, commits } = setUp();
  batch.settle(records);
  expect(commits).toEqual(
    new Map([
      [0, 10],
      [1, 4],
    ]),
  );
});

test('the commit of a partition stops at its lowest unsettled record', () => {
  const { batch, records, commits } = setUp();
  batch.settle(records.filter(({ offset }) => offset === 7 || offset === 1));
  expect(commits).toEqual(
    new Map([
      [0, 5],
      [1, 2],
    ]),
  );
  batch.settle(records.filter(({ offset }) => offset === 5));
  expect(commits.get(0)).toBe(10);
  expect(commits.get(1)).toBe(2);
  batch.settle(records.filter(({ offset }) => offset === 2));
  expect(commits.get(1)).toBe(4);
});
