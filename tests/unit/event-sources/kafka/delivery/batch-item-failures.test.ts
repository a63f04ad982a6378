import { readBatchItemFailures } from '../../../../../localstack/event-sources/kafka/delivery/batch-item-failures.ts';
import type { PolledRecord } from '../../../../../localstack/event-sources/model/polled-record.ts';

const records = [0, 1, 2].map(
  (offset): PolledRecord => ({ partition: 0, offset, timestamp: 0, arrivedAtMs: 0, json: '{}', bytes: 2 }),
);
const judge = (answer: unknown) => readBatchItemFailures('my-topic', JSON.stringify(answer), records);
const failing = (...offsets: unknown[]) => ({
  batchItemFailures: offsets.map((offset) => ({ itemIdentifier: { partition: 'my-topic-0', offset } })),
});

test('[documented] the reported records, each once, in the order of the event', () => {
  expect(judge(failing(2, 0, 2))).toEqual({ kind: 'failed', records: [records[0], records[2]] });
});

test.each([
  ['a list', []],
  ['a text', 'done'],
  ['a number', 1],
  ['true', true],
  ['no list of failures', { batchItemFailures: {} }],
  ['a failure that is null', { batchItemFailures: [null] }],
  ['a failure without an identifier', { batchItemFailures: [{}] }],
  ['an identifier that is null', { batchItemFailures: [{ itemIdentifier: null }] }],
  ['an identifier without a partition', { batchItemFailures: [{ itemIdentifier: { offset: 0 } }] }],
  ['an offset that is none', failing(0.5)],
  ['a good identifier beside one of another event', failing(0, 3)],
])('[inferred] %s makes no sense, so that the whole batch counts as failed', (_name, answer) => {
  expect(judge(answer)).toMatchObject({ kind: 'invalid', reason: expect.stringMatching(/./) });
});

test('[documented] what says nothing about failures is success', () => {
  for (const answer of [null, {}, { other: 1 }, { batchItemFailures: [] }, { batchItemFailures: null }]) {
    expect(judge(answer)).toEqual({ kind: 'failed', records: [] });
  }
});
