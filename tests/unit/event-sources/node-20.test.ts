import { groupBy, withResolvers } from '../../../localstack/event-sources/node-20.ts';

test('a promise is settled from outside', async () => {
  const { promise, resolve } = withResolvers<number>();
  resolve(1);
  expect(await promise).toBe(1);
  const rejected = withResolvers<void>();
  rejected.reject(new Error('no'));
  await expect(rejected.promise).rejects.toThrow('no');
});

test('groups keep the order of the items, and of the first item of each', () => {
  expect([...groupBy([3, 1, 4, 5, 2], (n) => n % 2)]).toEqual([
    [1, [3, 1, 5]],
    [0, [4, 2]],
  ]);
});
