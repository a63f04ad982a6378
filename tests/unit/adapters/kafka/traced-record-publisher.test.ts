import { TracedRecordPublisher } from '../../../../functions/adapters/kafka/traced-record-publisher.ts';
import { InMemoryRecordPublisher } from '../../../support/in-memory-record-publisher.ts';

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/;

let topics: InMemoryRecordPublisher;
let publisher: TracedRecordPublisher;
beforeEach(() => {
  topics = new InMemoryRecordPublisher({ t: 1 });
  publisher = new TracedRecordPublisher(topics);
});
const record = (value: string) => ({ key: null, value });
const headers = () => topics.recordsOf('t').map((written) => written.headers);

test('each call begins a trace at its first record, and keeps the others as they are', async () => {
  await publisher.publish('t', [record('1'), record('2')]);
  await publisher.publish('t', [record('3')]);
  const [first, second, third] = headers();
  expect(second).toBeUndefined();
  expect(first?.['traceparent']).toMatch(TRACEPARENT);
  expect(third?.['traceparent']).toMatch(TRACEPARENT);
  expect(third).not.toEqual(first);
  expect(topics.recordsOf('t').map(({ value }) => value)).toEqual(['1', '2', '3']);
});

test('a record keeps its own trace and its other headers', async () => {
  const traced = { ...record('1'), headers: [['traceparent', Buffer.from('00-a-b-01')] as const] };
  const other = { ...record('2'), headers: [['source', Buffer.from('s')] as const] };
  await publisher.publish('t', [traced]);
  await publisher.publish('t', [other]);
  expect(headers()).toEqual([
    { traceparent: '00-a-b-01' },
    { source: 's', traceparent: expect.stringMatching(TRACEPARENT) },
  ]);
});

test('a call without records writes nothing', async () => {
  expect(await publisher.publish('t', [])).toEqual([]);
});
