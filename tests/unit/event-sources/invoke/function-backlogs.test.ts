import { FunctionBacklogs } from '../../../../localstack/event-sources/invoke/function-backlogs.ts';

test('the backlog of one function does not delay another function', () => {
  const backlogs = new FunctionBacklogs<string>((name) => (name === 'slow' ? 2 : 1));
  for (const item of ['a', 'b', 'c', 'd']) backlogs.add('slow', item);
  backlogs.add('other', 'x');
  expect([backlogs.take(), backlogs.take(), backlogs.take(), backlogs.take()]).toEqual(['a', 'b', 'x', undefined]);
  expect(backlogs.size).toBe(2);
});

test('a function that ended an item gets its next one, in order', () => {
  const backlogs = new FunctionBacklogs<string>(() => 1);
  for (const item of ['a', 'b']) backlogs.add('fn', item);
  expect([backlogs.take(), backlogs.take()]).toEqual(['a', undefined]);
  backlogs.release('fn');
  expect(backlogs.take()).toBe('b');
  backlogs.release('fn');
  expect(backlogs.take()).toBeUndefined();
  expect(backlogs.size).toBe(0);
});
