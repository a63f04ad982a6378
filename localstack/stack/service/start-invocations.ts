import type { FunctionInvoker } from './function-invoker.ts';
import type { Service } from './serverless-types.ts';
import type { StartInvocation } from './settings.ts';

interface Options {
  readonly invoker: Pick<FunctionInvoker, 'invoke'>;
  readonly signal: AbortSignal;
  readonly onNotice: (line: string) => void;
}

/** Invokes functions as `custom.localStack` of the service says. @throws when one that is awaited fails. */
export async function runStartInvocations(
  service: Service,
  invocations: readonly StartInvocation[],
  { invoker, signal, onNotice }: Options,
): Promise<void> {
  for (const { function: key, event, concurrency, wait } of invocations) {
    const { name } = service.getFunction(key);
    const results = Promise.all(Array.from({ length: concurrency }, () => invoker.invoke(name, event, signal)));
    if (wait) {
      await results;
    } else {
      results.catch((error: Error) => {
        if (!signal.aborted) onNotice(error.message);
      });
    }
  }
}

/** @throws when an invocation names a function that the service does not define. */
export function checkFunctionNames(service: Service, invocations: readonly Pick<StartInvocation, 'function'>[]): void {
  const defined = service.getAllFunctions();
  for (const { function: key } of invocations) {
    if (defined.includes(key)) continue;
    throw new Error(`custom.localStack: expected one of the functions ${defined.join(', ')}, but found "${key}".`);
  }
}
