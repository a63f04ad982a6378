import { describeFunctionInvoker } from '../../contract/function-invoker.ts';
import { InMemoryFunctionInvoker } from '../../support/in-memory-function-invoker.ts';

describeFunctionInvoker('InMemoryFunctionInvoker', async () => {
  const invoker = new InMemoryFunctionInvoker();
  return {
    invoker,
    queued: () => invoker.events,
    refuse: () => {
      invoker.outage = new Error('Lambda is unreachable');
    },
  };
});
