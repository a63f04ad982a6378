import { existsSync } from 'node:fs';
import { join } from 'node:path';
import LongestFirst, { longest } from '../../support/longest-first.js';

const root = join(__dirname, '..', '..');
const [slowest = '', second = ''] = longest;

/** Tests without a duration in Jest's cache, unless they have one here. */
function sort(...tests: { file: string; bytes: number; duration?: number }[]): string[] {
  const sequencer = new LongestFirst({ contexts: [], globalConfig: {} });
  sequencer.time = (test) => tests.find(({ file }) => test.path.endsWith(file))?.duration;
  const context = {
    config: { cache: false },
    hasteFS: { getSize: (path: string) => tests.find(({ file }) => path.endsWith(file))?.bytes ?? 0 },
  };
  const sorted = sequencer.sort(tests.map(({ file }) => ({ path: join(root, file), context })));
  return sorted.map(({ path }) => path.slice(root.length + 1));
}

test('each of the longest files exists', () => {
  expect(longest.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('on a new clone the longest files come first, and the others by size', () => {
  const order = sort(
    { file: 'unit/small.test.ts', bytes: 10 },
    { file: second, bytes: 1 },
    { file: 'unit/large.test.ts', bytes: 1_000 },
    { file: slowest, bytes: 1 },
  );
  expect(order).toEqual([slowest, second, 'unit/large.test.ts', 'unit/small.test.ts']);
});

test('a duration that Jest knows decides', () => {
  const order = sort(
    { file: slowest, bytes: 1, duration: 5 },
    { file: 'unit/slow.test.ts', bytes: 1, duration: 9_000 },
    { file: 'unit/large.test.ts', bytes: 1_000, duration: 100 },
  );
  expect(order).toEqual(['unit/slow.test.ts', 'unit/large.test.ts', slowest]);
});
