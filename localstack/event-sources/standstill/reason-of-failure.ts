import type { InvocationOutcome } from '../model/invocation.ts';

/** Why an invocation did not succeed, and what would mend it. Without the error's message, which may hold data. */
export function reasonOfFailure(
  functionName: string,
  outcome: Exclude<InvocationOutcome, { readonly kind: 'success' }>,
): string {
  if (outcome.kind === 'functionError') {
    return `${functionName} fails (${outcome.functionError}) and is invoked again: its log says why`;
  }
  if (outcome.statusCode === 404) {
    return `${functionName} is not served: add it to the service, correct FunctionName, or name it with the option functionNames: ${outcome.reason}`;
  }
  if (outcome.throttled) return `${functionName} is throttled: raise its concurrency: ${outcome.reason}`;
  return `${functionName} cannot be invoked: start the Invoke API, or correct lambdaEndpoint: ${outcome.reason}`;
}
