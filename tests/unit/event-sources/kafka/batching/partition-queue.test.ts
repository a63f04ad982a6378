import { PartitionQueue } from '../../../../../localstack/event-sources/kafka/batching/partition-queue.ts';
import { polledRecord } from '../fixtures.ts';

test('records leave in order, however many there are, and length and bytes are those of the rest', () => {
  const queue = new PartitionQueue(0, 0);
  const records = Array.from({ length: 5_000 }, (_, offset) => polledRecord(offset, { bytes: 100 + (offset % 7) }));
  let bytes = 0;
  const shifted: number[] = [];
  for (const [index, record] of records.entries()) {
    queue.push(record);
    bytes += record.bytes;
    // Two in, one out, so that the queue both grows and is cut.
    if (index % 2 === 0) continue;
    const first = queue.shift();
    bytes -= first?.bytes ?? 0;
    shifted.push(first?.offset ?? -1);
    expect([queue.length, queue.bytes]).toEqual([index + 1 - shifted.length, bytes]);
  }
  for (let record = queue.shift(); record !== undefined; record = queue.shift()) shifted.push(record.offset);
  expect(shifted).toEqual(records.map(({ offset }) => offset));
  expect([queue.length, queue.bytes, queue.first]).toEqual([0, 0, undefined]);
});

test('the next offset never moves backward', () => {
  const queue = new PartitionQueue(0, 5);
  queue.advanceTo(9);
  queue.advanceTo(7);
  expect(queue.nextOffset).toBe(9);
});

test('the settled offset is that of the first queued record, or the next offset when none is queued', () => {
  const queue = new PartitionQueue(0, 5);
  queue.push(polledRecord(6));
  queue.advanceTo(9);
  expect(queue.settledOffset).toBe(6);
  queue.shift();
  expect(queue.settledOffset).toBe(9);
});

test('a queue with a batch in flight is neither ready for another nor idle', () => {
  const queue = new PartitionQueue(0, 0);
  expect([queue.isReady, queue.isIdle]).toEqual([false, true]);
  queue.push(polledRecord(0));
  queue.push(polledRecord(1));
  expect([queue.isReady, queue.isIdle]).toEqual([true, false]);
  queue.shift();
  queue.startBatch();
  expect([queue.isReady, queue.isIdle]).toEqual([false, false]);
  queue.shift();
  expect([queue.isReady, queue.isIdle]).toEqual([false, false]);
  queue.endBatch();
  expect([queue.isReady, queue.isIdle]).toEqual([false, true]);
});
