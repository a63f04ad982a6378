import { eventually, StopWaiting } from '../../support/eventually.ts';

test('returns the first truthy result', async () => {
  const results = [undefined, null, false, 0, '', 'found', 'later'];

  expect(await eventually(() => results.shift(), { everyMs: 1 })).toBe('found');
});

test('repeats a check that throws or rejects', async () => {
  let calls = 0;
  const check = () => {
    calls += 1;
    if (calls === 1) throw new Error('not yet');
    return calls === 2 ? Promise.reject(new Error('not yet')) : Promise.resolve(calls);
  };

  expect(await eventually(check, { everyMs: 1 })).toBe(3);
});

test('names what it waited for and what it last saw when the time is over', async () => {
  await expect(eventually(() => false, { withinMs: 5, what: 'the commit' })).rejects.toThrow(
    'expected the commit within 5 ms, but the check last returned false',
  );
  await expect(eventually(() => 0, { withinMs: 5 })).rejects.toThrow('expected `()=>0` within 5 ms');
});

test('passes on what the check last threw', async () => {
  const cause = new Error('connection refused');
  const check = () => Promise.reject(cause);

  await expect(eventually(check, { withinMs: 5, what: 'the server' })).rejects.toMatchObject({
    message: 'expected the server within 5 ms, but the check last threw Error: connection refused',
    cause,
  });
});

test('ends in time although the check never settles', async () => {
  const never = new Promise<boolean>(() => {});

  await expect(eventually(() => never, { withinMs: 5, what: 'an answer' })).rejects.toThrow('it was still running');
});

test('shows the last result when a later check never settles', async () => {
  const results = [Promise.resolve(0), new Promise<number>(() => {})];
  const check = () => results.shift() ?? Promise.resolve(0);

  await expect(eventually(check, { withinMs: 500, everyMs: 1 })).rejects.toThrow('the check last returned 0');
});

test('ends at once when the check throws StopWaiting', async () => {
  const check = () => Promise.reject(new StopWaiting('the server exited with code 1'));

  await expect(eventually(check)).rejects.toThrow('the server exited with code 1');
});
