import type pg from 'pg';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import type { TemporaryStack } from '../../../localstack/stack/temporary-stack.ts';

/** For whole stacks that start, and functions that restart, beside other tests. */
export const LIMIT_MS = 600_000;

export interface PipelineRun {
  readonly stack: TemporaryStack;
  readonly endpoints: StackEndpoints;
  readonly target: pg.Client;
}
