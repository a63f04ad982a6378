import type { FunctionInvoker } from '../../functions/ports/function-invoker.ts';

/** Keeps the events of asynchronous invocations, converted to JSON and back as on the way to Lambda. */
export class InMemoryFunctionInvoker implements FunctionInvoker {
  readonly events: unknown[] = [];
  /** While set, every call throws it. */
  outage: Error | undefined;

  async invokeAsync(event: object): Promise<void> {
    if (this.outage) throw this.outage;
    this.events.push(JSON.parse(JSON.stringify(event)));
  }
}
