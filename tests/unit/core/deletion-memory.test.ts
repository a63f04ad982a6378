import { mayOutliveDeletion } from '../../../functions/core/deletion-memory.ts';

const NOW = new Date('2026-11-26T12:00:00.000Z');
const DAY_MS = 24 * 60 * 60 * 1000;
const daysAgo = (days: number, ms = 0) => new Date(NOW.getTime() - days * DAY_MS - ms).toISOString();
const change = (changedAt: string, before = '') => Buffer.from(`{"schema":1,${before}"changedAt":"${changedAt}"}`);

test('a change may outlive the deletion of its employee after more than 30 days', () => {
  expect(mayOutliveDeletion(change(daysAgo(30)), daysAgo(1), NOW)).toBe(false);
  expect(mayOutliveDeletion(change(daysAgo(30, 1)), daysAgo(1), NOW)).toBe(true);
});

test('a change is at least as old as its first failure', () => {
  for (const payload of [change(daysAgo(1)), change('no time'), Buffer.from('text'), null]) {
    expect(mayOutliveDeletion(payload, daysAgo(30), NOW)).toBe(false);
    expect(mayOutliveDeletion(payload, daysAgo(30, 1), NOW)).toBe(true);
  }
});

test('a change of which no time is known is taken for a young one', () => {
  expect(mayOutliveDeletion(null, null, NOW)).toBe(false);
  expect(mayOutliveDeletion(Buffer.from('text'), 'unknown', NOW)).toBe(false);
  expect(mayOutliveDeletion(change(daysAgo(31)), null, NOW)).toBe(true);
});

test('the time of a change is its last field, however long the others are', () => {
  expect(mayOutliveDeletion(change(daysAgo(31), `"city":"${'x'.repeat(400)}",`), daysAgo(1), NOW)).toBe(true);
  const within = Buffer.from(`{"changedAt":"${daysAgo(31)}","city":"${'x'.repeat(400)}"}`);
  expect(mayOutliveDeletion(within, daysAgo(1), NOW)).toBe(false);
});
