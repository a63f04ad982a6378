import type { FunctionInvoker } from '../../functions/ports/function-invoker.ts';

export interface FunctionInvokerUnderTest {
  readonly invoker: FunctionInvoker;
  /** Events that were queued for the function. */
  queued(): readonly unknown[];
  /** Makes Lambda refuse further events. */
  refuse(): void;
}

/** The contract of `FunctionInvoker`. */
export function describeFunctionInvoker(name: string, make: () => Promise<FunctionInvokerUnderTest>): void {
  describe(`${name} as a function invoker`, () => {
    let subject: FunctionInvokerUnderTest;
    beforeEach(async () => {
      subject = await make();
    });

    it('has queued the event as JSON when it resolves', async () => {
      const event = { arrival: { key: 'Zürich + 😀.csv', sequencer: null, sizeBytes: 9_007_199_254_740_991 } };
      await subject.invoker.invokeAsync(event);
      expect(subject.queued()).toEqual([event]);
    });

    it('queues the events of several calls at the same time', async () => {
      await Promise.all([1, 2, 3].map((number) => subject.invoker.invokeAsync({ number })));
      expect(subject.queued()).toHaveLength(3);
      expect(subject.queued()).toEqual(expect.arrayContaining([{ number: 1 }, { number: 2 }, { number: 3 }]));
    });

    it('throws when the event is not queued', async () => {
      subject.refuse();
      await expect(subject.invoker.invokeAsync({})).rejects.toThrow();
      expect(subject.queued()).toEqual([]);
    });
  });
}
