import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import type { TemporaryStack } from '../../../localstack/stack/temporary-stack.ts';

/** A part of `npm run bench:operators` that can run alone. */
export interface OperatorsSection {
  readonly name: string;
  /** Returns figures by the names that the JSON line has. */
  measure(stack: TemporaryStack, endpoints: StackEndpoints): Promise<Readonly<Record<string, number>>>;
}
