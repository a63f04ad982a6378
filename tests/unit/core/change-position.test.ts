import {
  assertSameSource,
  decodePosition,
  encodePosition,
  type Position,
} from '../../../functions/core/change-position.ts';

const POSITION: Position = {
  systemIdentifier: '7711062189930906264',
  saveNumber: 9_007_199_254_740_993n,
  epoch: 1_795_371_622_846n,
  progress: { phase: 'stream', since: '10:20:10,12', page: { until: '10:30:', afterChangeId: '5', lastChangeId: '9' } },
};

const CAPTURE: NonNullable<Position['capture']> = {
  marks: { table: '1', columns: '2', types: '3', file: '4', triggers: '5', functions: '6', changes: '7' },
  since: '10:20:',
};

test.each<Position['progress']>([
  POSITION.progress,
  { phase: 'stream', since: '10:20:', page: null },
  { phase: 'stream', since: '10:20:', page: null, greatestChangeId: '9007199254740993' },
  { phase: 'snapshot', since: '10:20:', afterEmpId: null },
  { phase: 'snapshot', since: '10:20:', afterEmpId: -3 },
])('reads what was encoded: %j', (progress) => {
  expect(decodePosition(encodePosition({ ...POSITION, progress }))).toEqual({ ...POSITION, progress });
});

test('reads the topic, the capture and the reason that were saved with a position', () => {
  const position: Position = {
    ...POSITION,
    topic: { clusterId: 'c', topicId: 't', nextOffsets: ['9', null] },
    capture: CAPTURE,
    snapshotReason: { code: 'PIPE_TOPIC_REPLACED', message: 'the topic was replaced' },
  };
  expect(decodePosition(encodePosition(position))).toEqual(position);
});

test('a position without them, as an earlier version saved it, has none of these fields', () => {
  expect(Object.keys(decodePosition(encodePosition(POSITION)))).toEqual(Object.keys(POSITION));
  const unusable = { ...POSITION, topic: 'x', capture: 'x', snapshotReason: 'x' } as unknown as Position;
  expect(Object.keys(decodePosition(encodePosition(unusable)))).toEqual(Object.keys(POSITION));
});

test.each([
  '',
  '{}',
  'null',
  '{"systemIdentifier":"1","saveNumber":"1","epoch":"1","progress":{"phase":"other","since":""}}',
  '{"saveNumber":"1","epoch":"1","progress":{"phase":"stream","since":"1:1:","page":null}}',
  '{"systemIdentifier":"1","saveNumber":"1","epoch":"1"}',
  '{"systemIdentifier":"1","saveNumber":"1","epoch":"1","progress":{"phase":"stream","page":null}}',
  '{"systemIdentifier":"1","saveNumber":"1","epoch":"1","progress":{"phase":"stream","since":"1:1:"}}',
  '{"systemIdentifier":"1","saveNumber":"1","epoch":"1","progress":{"phase":"other","since":"1:1:","page":null}}',
  '{"systemIdentifier":"1","saveNumber":"1","epoch":"1","progress":{"phase":"other","since":"1:1:","afterEmpId":1}}',
  '{"systemIdentifier":"1","saveNumber":"1","epoch":"1","progress":{"phase":"snapshot","since":"1:1:"}}',
  '{"systemIdentifier":"1","saveNumber":"1","epoch":"1","progress":{"phase":"snapshot","since":"1:1:","afterEmpId":"1"}}',
  encodePosition(POSITION).replace('"9"', '9'),
  '{"systemIdentifier":"1","saveNumber":"1","epoch":"1","progress":{"phase":"stream","since":"1:1:","page":null,"greatestChangeId":1}}',
  encodePosition(POSITION).replace('"1795371622846"', '"x"'),
])('an unreadable position is an error that an operator decides on: %s', (text) => {
  expect(() => decodePosition(text)).toThrow(
    expect.objectContaining({
      code: 'PIPE_POSITION_UNREADABLE',
      retry: 'manual',
      message: expect.stringMatching(
        /^the saved position .* is not in the format of this version; run `npm run resnapshot`/,
      ),
    }),
  );
});

test('an unreadable position passes on why', () => {
  expect(() => decodePosition('{')).toThrow(expect.objectContaining({ cause: expect.any(SyntaxError) }));
});

test('accepts the same source, also after a save number whose save was not finished', () => {
  const { systemIdentifier, saveNumber } = POSITION;
  assertSameSource(POSITION, { systemIdentifier, saveNumber });
  assertSameSource(POSITION, { systemIdentifier, saveNumber: saveNumber + 1n });
});

test('refuses another server and a restored backup, and says what to do', () => {
  const { systemIdentifier, saveNumber } = POSITION;
  expect(() => assertSameSource(POSITION, { systemIdentifier: '1', saveNumber })).toThrow(
    expect.objectContaining({
      code: 'PIPE_SOURCE_REPLACED',
      retry: 'manual',
      message: expect.stringMatching(/server 7711062189930906264, but the source is server 1; .*npm run resnapshot/),
    }),
  );
  expect(() => assertSameSource(POSITION, { systemIdentifier, saveNumber: saveNumber - 1n })).toThrow(
    expect.objectContaining({
      code: 'PIPE_SOURCE_RESTORED',
      retry: 'manual',
      message: expect.stringMatching(
        /saved 9007199254740993 times, but the source has recorded only 9007199254740992 saves: .*npm run resnapshot/,
      ),
    }),
  );
});
