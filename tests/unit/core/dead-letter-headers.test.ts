import {
  deadLetterHeaders,
  earlierFailuresOf,
  headersOfRedriven,
  wasDeadLetter,
  withoutDeadLetterHeaders,
} from '../../../functions/core/dead-letter-headers.ts';
import type { RecordHeaders } from '../../../functions/core/record-headers.ts';

const failure = {
  id: 'employee-changes/3/40',
  code: 'PIPE_CHANGE_FIELD',
  reason: 'expected field dob of a change to be a date',
  origin: { topic: 'employee-changes', partition: 3, offset: '42' },
  attempts: 2,
  firstAt: '2026-11-25T10:00:00.000Z',
  at: '2026-11-26T10:00:00.000Z',
  group: 'apply-changes',
  traceparent: '00-a-b-00',
};
const texts = (headers: RecordHeaders) => Object.fromEntries(headers.map(([name, value]) => [name, String(value)]));
const bytes = (headers: RecordHeaders) => headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0);

describe('the headers of a dead letter', () => {
  it('are those of Kafka, those of Kafka UIs and our own', () => {
    expect(texts(deadLetterHeaders(failure))).toEqual({
      '__dlq.errors.topic': 'employee-changes',
      '__dlq.errors.partition': '3',
      '__dlq.errors.offset': '42',
      '__dlq.errors.group': 'apply-changes',
      '__dlq.errors.delivery.count': '2',
      '__dlq.errors.message': 'PIPE_CHANGE_FIELD: expected field dob of a change to be a date',
      'x-original-topic': 'employee-changes',
      'dlq.id': 'employee-changes/3/40',
      'dlq.code': 'PIPE_CHANGE_FIELD',
      'dlq.attempts': '2',
      'dlq.first-at': '2026-11-25T10:00:00.000Z',
      'dlq.last-at': '2026-11-26T10:00:00.000Z',
      traceparent: '00-a-b-00',
    });
  });

  it('name no record when a row of a file failed', () => {
    const origin = { bucket: 'b', key: 'a.csv', version: '1', row: 7 };
    const names = Object.keys(texts(deadLetterHeaders({ ...failure, origin, group: undefined })));
    expect(names.filter((name) => /topic|partition|offset|group/.test(name))).toEqual([]);
  });

  it.each(['é', 'aé', '🙂', 'a🙂', 'aa🙂', 'aaa🙂'])(
    'take at most 2 KB, and end between two characters when the reason is cut: %s',
    (start) => {
      const headers = deadLetterHeaders({ ...failure, reason: start + start.slice(-2).repeat(3_000) });
      expect(bytes(headers)).toBeLessThanOrEqual(2_048);
      expect(bytes(headers)).toBeGreaterThan(2_040);
      expect(texts(headers)['__dlq.errors.message']).not.toContain('\ufffd');
    },
  );

  it('take exactly 2 KB when the reason is longer, and have it whole when it fits', () => {
    const messageOf = (reason: string) =>
      texts(deadLetterHeaders({ ...failure, reason }))['__dlq.errors.message'] ?? '';
    const cut = messageOf('r'.repeat(3_000));
    expect(bytes(deadLetterHeaders({ ...failure, reason: 'r'.repeat(3_000) }))).toBe(2_048);
    const longest = cut.slice('PIPE_CHANGE_FIELD: '.length);
    expect(messageOf(longest)).toBe(cut);
    expect(messageOf(`${longest.slice(1)}!`)).toMatch(/r!$/);
  });

  it('have no reason when the id of a file takes all the room', () => {
    const origin = { bucket: 'b', key: 'k'.repeat(2_100), version: 'v' };
    const headers = texts(deadLetterHeaders({ ...failure, origin, id: `b/${origin.key}@v` }));
    expect(headers).toMatchObject({ 'dlq.id': `b/${origin.key}@v`, '__dlq.errors.message': '' });
  });

  it('begin with a prefix of their own, and no other header is taken for one', () => {
    const header = (name: string) => [name, Buffer.from('x')] as const;
    const original = ['dlq', 'my-dlq.id', '__dlq', 'my-__dlq.errors.x', 'x-original-topics'].map(header);
    const own = ['dlq.other', '__dlq.errors.exception', 'x-original-topic'].map(header);
    expect(withoutDeadLetterHeaders([...own, ...original])).toEqual(original);
  });

  it('are told apart from those of the original record', () => {
    const original: RecordHeaders = [
      ['traceparent', Buffer.from('t')],
      ['source', Buffer.from('s')],
    ];
    expect(withoutDeadLetterHeaders([...deadLetterHeaders(failure), ...original]).slice(-2)).toEqual(original);
    expect(withoutDeadLetterHeaders(deadLetterHeaders(failure)).map(([name]) => name)).toEqual(['traceparent']);
  });

  it('tell a redriven record what has failed before', () => {
    const earlier = {
      id: 'b/a.csv@v#7',
      first: { origin: { bucket: 'b', key: 'a.csv', version: 'v', row: 7 }, at: failure.firstAt },
      attempts: 2,
    };
    expect(earlierFailuresOf(headersOfRedriven(earlier))).toEqual(earlier);
    const unknown = { ...earlier, first: { ...earlier.first, at: null } };
    expect(earlierFailuresOf(headersOfRedriven(unknown))).toEqual(unknown);
    expect(headersOfRedriven(unknown).map(([name]) => name)).toEqual(['dlq.id', 'dlq.attempts']);
  });

  it.each([
    ['no headers', undefined],
    ['other headers', [['source', Buffer.from('x')] as const]],
    ['an id that is none', [['dlq.id', Buffer.from('x')] as const]],
  ])('tell nothing when a record has %s', (_, headers) => {
    expect(earlierFailuresOf(headers)).toBeUndefined();
  });

  it.each(['many', '0', '-2', '1.5'])('count one attempt when their number is %s', (attempts) => {
    const headers: RecordHeaders = [
      ['dlq.id', Buffer.from('t/1/2')],
      ['dlq.attempts', Buffer.from(attempts)],
    ];
    expect(earlierFailuresOf(headers)).toMatchObject({ attempts: 1, first: { at: null } });
  });

  it('tell no time when theirs is none', () => {
    const headers: RecordHeaders = [
      ['dlq.id', Buffer.from('t/1/2')],
      ['dlq.first-at', Buffer.from('yesterday')],
    ];
    expect(earlierFailuresOf(headers)?.first.at).toBeNull();
  });
});

test('a record was a dead letter when a redrive has published it, or a tool has copied it back', () => {
  const id: RecordHeaders = [['dlq.id', Buffer.from('t/1/2')]];
  const first = { origin: failure.origin, at: null };
  expect(wasDeadLetter({})).toBe(false);
  expect(wasDeadLetter({ headers: [['source', Buffer.from('x')]] })).toBe(false);
  expect(wasDeadLetter({ headers: id })).toBe(true);
  expect(wasDeadLetter({ returned: { id: 't/1/2', first, attempts: 1 } })).toBe(true);
});
