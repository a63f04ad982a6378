import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import type { TemporaryStack } from '../../../localstack/stack/temporary-stack.ts';

/** A part of `npm run bench:operators` that can run alone. */
export interface OperatorsSection {
  readonly name: string;
  /** Whether it runs only by its name, because it takes minutes. */
  readonly isOptIn?: boolean;
  /** Returns figures by the names that the JSON line has. */
  measure(
    stack: TemporaryStack,
    endpoints: StackEndpoints,
    settings: SectionSettings,
  ): Promise<Readonly<Record<string, number>>>;
}

export interface SectionSettings {
  /** How long a section that is opt-in measures. */
  readonly minutes: number;
}
