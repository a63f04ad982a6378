import { PublishWindow } from '../../../functions/transform-csv/publish-window.ts';

/** Runs everything that is ready to run. */
const runPending = () => new Promise((resolve) => setImmediate(resolve));

/** Whether a promise has settled. */
function observe(promise: Promise<unknown>): { isSettled: boolean } {
  const observed = { isSettled: false };
  const settle = () => {
    observed.isSettled = true;
  };
  promise.then(settle, settle);
  return observed;
}

describe('PublishWindow', () => {
  it('has slots up to its limit, and then waits until a publish is acknowledged', async () => {
    const window = new PublishWindow(2);
    const first = Promise.withResolvers<void>();
    window.add(first.promise);
    await window.waitForSlot();
    window.add(Promise.withResolvers<void>().promise);
    const waiting = window.waitForSlot();
    const observed = observe(waiting);
    await runPending();
    expect(observed.isSettled).toBe(false);
    first.resolve();
    await waiting;
  });

  it('is drained when every publish is acknowledged', async () => {
    const window = new PublishWindow(2);
    const publish = Promise.withResolvers<void>();
    window.add(publish.promise);
    const draining = window.drain();
    const observed = observe(draining);
    await runPending();
    expect(observed.isSettled).toBe(false);
    publish.resolve();
    await draining;
  });

  it('throws the first failure at the next slot, and at the end when no publish is in flight any more', async () => {
    const window = new PublishWindow(2);
    const slow = Promise.withResolvers<void>();
    window.add(slow.promise);
    window.add(Promise.reject(new Error('Kafka is unreachable')));
    await expect(window.waitForSlot()).rejects.toThrow('Kafka is unreachable');
    const draining = window.drain();
    const observed = observe(draining);
    await runPending();
    expect(observed.isSettled).toBe(false);
    slow.reject(new Error('later'));
    await expect(draining).rejects.toThrow('Kafka is unreachable');
  });

  it('settles without an error after a failure', async () => {
    const window = new PublishWindow(2);
    window.add(Promise.reject(new Error('Kafka is unreachable')));
    await window.settle();
  });
});
