import { PublishWindow } from '../../../functions/transform-csv/publish-window.ts';

/** Lets everything that is ready to run do so. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('PublishWindow', () => {
  it('has room for its limit and then waits for one to be acknowledged', async () => {
    const window = new PublishWindow(2);
    const first = Promise.withResolvers<void>();
    window.add(first.promise);
    await window.waitForSlot();
    window.add(Promise.withResolvers<void>().promise);
    let hasRoom = false;
    const waiting = window.waitForSlot().then(() => {
      hasRoom = true;
    });
    await settle();
    expect(hasRoom).toBe(false);
    first.resolve();
    await waiting;
    expect(hasRoom).toBe(true);
  });

  it('drains when everything is acknowledged', async () => {
    const window = new PublishWindow(2);
    const publish = Promise.withResolvers<void>();
    window.add(publish.promise);
    let isDrained = false;
    const draining = window.drain().then(() => {
      isDrained = true;
    });
    await settle();
    expect(isDrained).toBe(false);
    publish.resolve();
    await draining;
  });

  it('throws the first failure at the next question and at the end, when nothing is in flight any more', async () => {
    const window = new PublishWindow(2);
    const slow = Promise.withResolvers<void>();
    window.add(slow.promise);
    window.add(Promise.reject(new Error('broker away')));
    await expect(window.waitForSlot()).rejects.toThrow('broker away');
    let hasEnded = false;
    const draining = window.drain().finally(() => {
      hasEnded = true;
    });
    await settle();
    expect(hasEnded).toBe(false);
    slow.reject(new Error('later'));
    await expect(draining).rejects.toThrow('broker away');
  });
});
