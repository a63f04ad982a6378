import { Standstills } from '../../../../localstack/event-sources/standstill/standstills.ts';

let lines: { message: string; fields: unknown }[];
let standstills: Standstills;
beforeEach(() => {
  jest.useFakeTimers();
  lines = [];
  standstills = new Standstills({ warn: (message, fields) => lines.push({ message, fields }) });
});
afterEach(() => {
  standstills.close();
  jest.useRealTimers();
});

test('[goal] what stands still is logged after ten seconds and every ten seconds, with its latest reason', () => {
  standstills.report('the source', 'first');
  jest.advanceTimersByTime(9_000);
  standstills.report('the source', 'second: create it');
  expect(lines).toEqual([]);
  jest.advanceTimersByTime(1_000);
  expect(lines).toEqual([
    { message: 'the source stands still', fields: { reason: 'second: create it', forSeconds: 10 } },
  ]);
  jest.advanceTimersByTime(10_000);
  expect(lines).toMatchObject([{}, { fields: { forSeconds: 20 } }]);
});

test('what goes on in time is not logged, and counts from its next report', () => {
  standstills.report('the source', 'r');
  jest.advanceTimersByTime(9_000);
  standstills.clear('the source');
  standstills.report('the source', 'r');
  jest.advanceTimersByTime(9_000);
  expect(lines).toEqual([]);
  standstills.clear('the source');
  expect(standstills.current).toEqual([]);
  jest.advanceTimersByTime(60_000);
  expect(lines).toEqual([]);
});

test('a waiter is told when its own source has stood still for ten seconds', async () => {
  const waiting = jest.fn();
  const lasting = standstills.lasting('the source').then(waiting);
  standstills.report('another source', 'r');
  jest.advanceTimersByTime(15_000);
  await Promise.resolve();
  expect(waiting).not.toHaveBeenCalled();
  standstills.report('the source', 'r');
  expect(standstills.current).toEqual([
    { what: 'another source', reason: 'r', forSeconds: 15 },
    { what: 'the source', reason: 'r', forSeconds: 0 },
  ]);
  jest.advanceTimersByTime(10_000);
  await lasting;
  expect(waiting).toHaveBeenCalled();
});
