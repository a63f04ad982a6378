import { HistoryUpkeep } from '../../../functions/watch-replica/history-upkeep.ts';

test('thins one step at each look until nothing is left, then once a minute', async () => {
  const left = [true, true, false, false];
  const thin = jest.fn(async () => left.shift() ?? false);
  let ms = 0;
  const upkeep = new HistoryUpkeep({ thin }, { monotonicMs: () => ms });
  const lookAt = async (at: number) => {
    ms = at;
    expect(await upkeep.look()).toBe(0);
    return thin.mock.calls.length;
  };
  expect(await lookAt(0)).toBe(1);
  expect(await lookAt(5_000)).toBe(2);
  expect(await lookAt(10_000)).toBe(3);
  expect(await lookAt(69_000)).toBe(3);
  expect(await lookAt(70_000)).toBe(4);
});

test('is repeated at the next look when it fails', async () => {
  const thin = jest.fn(async () => false).mockRejectedValueOnce(new Error('unreachable'));
  const upkeep = new HistoryUpkeep({ thin }, { monotonicMs: () => 0 });
  await expect(upkeep.look()).rejects.toThrow('unreachable');
  await upkeep.look();
  expect(thin).toHaveBeenCalledTimes(2);
});
