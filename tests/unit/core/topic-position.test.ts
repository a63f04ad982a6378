import {
  advanceTopicPosition,
  lossBefore,
  lossInTopic,
  readTopicPosition,
  type TopicPosition,
  topicPositionOf,
} from '../../../functions/core/topic-position.ts';
import type { TopicState } from '../../../functions/core/topic-state.ts';

const topic = (ends: readonly number[], ids = {}): TopicState => ({
  ...{ clusterId: 'cluster', topicId: 'topic', ...ids },
  partitions: ends.map((end) => ({ startOffset: 0n, endOffset: BigInt(end) })),
});
const published = (partition: number, first: number, next: number) => ({
  ...{ topic: 'changes', partition },
  ...{ first: BigInt(first), next: BigInt(next) },
});
const at = (...nextOffsets: (string | null)[]): TopicPosition => ({ ...topicPositionOf(topic([])), nextOffsets });

test('nothing is known to be published to a topic at first', () => {
  expect(topicPositionOf(topic([5, 0]))).toEqual(at(null, null));
});

test('a position that nothing is added to stays the same one', () => {
  const position = at('9', null);
  expect(advanceTopicPosition(position, [])).toBe(position);
});

test('a position advances with what is acknowledged, and never goes back', () => {
  expect(advanceTopicPosition(at('9', null), [])).toEqual(at('9', null));
  const acknowledged = [published(1, 0, 4), published(0, 3, 5), published(1, 4, 12), published(3, 99, 100)];
  expect(advanceTopicPosition(at('9', null), acknowledged)).toEqual(at('9', '12', null, '100'));
});

test('no record is lost while the topic has at least what it had acknowledged', () => {
  expect(lossInTopic('changes', at('9', null), topic([9, 0, 0]))).toBeNull();
  expect(lossInTopic('changes', at('10', null), topic([11, 5]))).toBeNull();
});

test.each([
  ['cluster', { clusterId: 'other' }],
  ['topic', { topicId: 'other' }],
])('records may be lost with another %s', (_, ids) => {
  expect(lossInTopic('changes', at('9', null), topic([9, 0], ids))).toMatchObject({
    code: 'PIPE_TOPIC_REPLACED',
    message: expect.stringMatching(/topic changes .*topic.*cluster.* other.* records that were not applied are gone$/),
  });
});

test('records are lost when the topic ends below what it had acknowledged', () => {
  expect(lossInTopic('changes', at('9', '10'), topic([9, 9]))).toMatchObject({
    code: 'PIPE_TOPIC_TRUNCATED',
    message: expect.stringMatching(
      /partition 1 of topic changes up to offset 10, .* ends at offset 9: .* a restore of older data$/,
    ),
  });
});

test('records are lost when a later one gets an offset below them, however many come with it', () => {
  expect(lossBefore('changes', at('9', null), [published(0, 9, 12), published(1, 0, 3)])).toBeNull();
  expect(lossBefore('changes', at('9', null), [published(0, 8, 100)])).toMatchObject({
    code: 'PIPE_TOPIC_TRUNCATED',
    message: expect.stringContaining('has given offset 8 to a new record'),
  });
});

test.each([
  undefined,
  null,
  'text',
  { clusterId: 'a', topicId: 'b' },
  { clusterId: 'a', nextOffsets: [] },
  { topicId: 'b', nextOffsets: [] },
  { clusterId: 'a', topicId: 'b', nextOffsets: [5] },
  { clusterId: 'a', topicId: 'b', nextOffsets: ['-5'] },
  { clusterId: 'a', topicId: 'b', nextOffsets: ['5x'] },
  { clusterId: 'a', topicId: 'b', nextOffsets: ['5', 'x'] },
])('%j is not a position in a topic', (value) => {
  expect(readTopicPosition(value)).toBeUndefined();
});

test('a position in a topic is read as it was saved', () => {
  expect(readTopicPosition(JSON.parse(JSON.stringify(at('90', null))))).toEqual(at('90', null));
});
