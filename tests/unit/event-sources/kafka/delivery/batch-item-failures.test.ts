import { readBatchItemFailures } from '../../../../../localstack/event-sources/kafka/delivery/batch-item-failures.ts';
import { polledRecord } from '../fixtures.ts';

const records = [0, 1, 2].map((offset) => polledRecord(offset));
const read = (response: unknown) => readBatchItemFailures('my-topic', JSON.stringify(response), records);
const failing = (...offsets: unknown[]) => ({
  batchItemFailures: offsets.map((offset) => ({ itemIdentifier: { partition: 'my-topic-0', offset } })),
});

test('[documented] the failed records are the reported ones, each once, in event order', () => {
  expect(read(failing(2, 0, 2))).toEqual({ kind: 'failed', records: [records[0], records[2]] });
});

test.each([
  ['a list', []],
  ['a string', 'done'],
  ['a number', 1],
  ['true', true],
  ['batchItemFailures that is not a list', { batchItemFailures: {} }],
  ['a failure that is null', { batchItemFailures: [null] }],
  ['a failure without an identifier', { batchItemFailures: [{}] }],
  ['an identifier that is null', { batchItemFailures: [{ itemIdentifier: null }] }],
  ['an identifier without a partition', { batchItemFailures: [{ itemIdentifier: { offset: 0 } }] }],
  ['an offset that is not an integer', failing(0.5)],
  ['a valid identifier and one of another event', failing(0, 3)],
])('[inferred] %s is invalid, so the whole batch counts as failed', (_name, response) => {
  expect(read(response)).toMatchObject({ kind: 'invalid', reason: expect.stringMatching(/^expected /) });
});

test('[documented] a response without failures is a success', () => {
  for (const response of [null, {}, { other: 1 }, { batchItemFailures: [] }, { batchItemFailures: null }]) {
    expect(read(response)).toEqual({ kind: 'failed', records: [] });
  }
  expect(readBatchItemFailures('my-topic', ' ', records)).toEqual({ kind: 'failed', records: [] });
});

test('[inferred] text that is not JSON is invalid', () => {
  expect(readBatchItemFailures('my-topic', 'done!', records)).toMatchObject({ kind: 'invalid' });
});
