import { createDynamoClient } from './dynamo-client.ts';
import { DynamoConditionStore } from './dynamo-condition-store.ts';

/** Reporting must not delay the retry of a failed invocation for long when DynamoDB is unreachable too. */
const MAX_ATTEMPTS = 2;

/** The condition store of a function; `undefined` when no table is configured. */
export function openConditionStore(table: string | undefined): DynamoConditionStore | undefined {
  return table === undefined
    ? undefined
    : new DynamoConditionStore(createDynamoClient({ maxAttempts: MAX_ATTEMPTS }), table);
}
