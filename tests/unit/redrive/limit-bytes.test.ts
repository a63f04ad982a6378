import type { ClaimedDeadLetter } from '../../../functions/core/redrive.ts';
import { limitBytes } from '../../../functions/redrive/limit-bytes.ts';

const MIB = 1024 * 1024;
const batch = (...sizes: readonly number[]) => sizes.map((payloadBytes) => ({ payloadBytes }) as ClaimedDeadLetter);

test.each([
  ['nothing', [], 0],
  ['all that take 8 MiB together', [3 * MIB, 5 * MIB], 2],
  ['none after these', [3 * MIB, 5 * MIB, 1], 2],
  ['no later one that would fit again', [3 * MIB, 6 * MIB, 1], 1],
  ['the first one, however large', [20 * MIB, 1], 1],
  ['the first one alone, when the second has no payload', [20 * MIB, 0], 1],
])('a batch has %s', (_, sizes, count) => {
  const given = batch(...sizes);
  expect(limitBytes(given)).toEqual(given.slice(0, count));
});
