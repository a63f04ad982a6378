import type { FaultyStack } from './faulty-stack.ts';

/** One surrounding thing that is not what it was, and what an operator does about it. */
export interface Fault {
  readonly name: string;
  readonly break: (stack: FaultyStack) => unknown;
  /** The source accepts no write while it is away. */
  readonly sourceIsAway?: boolean;
  /** The bucket accepts no file while its server is away. */
  readonly bucketIsAway?: boolean;
  /** What the status must say, unless the data flows in spite of the fault. */
  readonly expected: RegExp;
  /** What the status must also say when the data flows. */
  readonly told?: RegExp;
  /** What the status says that mends it. */
  readonly mend: (stack: FaultyStack) => unknown;
}
