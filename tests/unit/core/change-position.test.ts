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

test.each<Position['progress']>([
  POSITION.progress,
  { phase: 'stream', since: '10:20:', page: null },
  { phase: 'snapshot', since: '10:20:', afterEmpId: null },
  { phase: 'snapshot', since: '10:20:', afterEmpId: -3 },
])('a saved position is read as it was: %j', (progress) => {
  expect(decodePosition(encodePosition({ ...POSITION, progress }))).toEqual({ ...POSITION, progress });
});

test.each([
  '',
  '{}',
  'null',
  '{"systemIdentifier":"1","saveNumber":"1","epoch":"1","progress":{"phase":"other","since":""}}',
  encodePosition(POSITION).replace('"9"', '9'),
  encodePosition(POSITION).replace('"1795371622846"', '"x"'),
])('a position that is none is never taken for the beginning: %s', (text) => {
  expect(() => decodePosition(text)).toThrow(expect.objectContaining({ code: 'PIPE_POSITION_UNREADABLE' }));
});

test('a source that is the same, or has numbered a save that was not finished, is taken', () => {
  const { systemIdentifier, saveNumber } = POSITION;
  assertSameSource(POSITION, { systemIdentifier, saveNumber });
  assertSameSource(POSITION, { systemIdentifier, saveNumber: saveNumber + 1n });
});

test('another server and one turned back are refused with what to do', () => {
  const { systemIdentifier, saveNumber } = POSITION;
  expect(() => assertSameSource(POSITION, { systemIdentifier: '1', saveNumber })).toThrow(
    expect.objectContaining({ code: 'PIPE_SOURCE_REPLACED', message: expect.stringContaining('npm run resnapshot') }),
  );
  expect(() => assertSameSource(POSITION, { systemIdentifier, saveNumber: saveNumber - 1n })).toThrow(
    expect.objectContaining({ code: 'PIPE_SOURCE_RESTORED', message: expect.stringContaining('npm run resnapshot') }),
  );
});
