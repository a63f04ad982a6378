import type { AsyncFunction } from '../model/async-invocation.ts';
import type { Expression } from './expression.ts';

/** One function that a rule or a schedule invokes. */
export interface Schedule {
  /** Logical id, with the target's place in it. */
  readonly id: string;
  readonly kind: 'rule' | 'scheduler';
  readonly arn: string;
  readonly name: string;
  /** As written, so that a changed expression counts as a new schedule. */
  readonly expressionText: string;
  readonly expression: Expression;
  readonly function: AsyncFunction;
  readonly enabled: boolean;
  readonly startMs?: number;
  readonly endMs?: number;
  /** The text that replaces the event. */
  readonly input?: string;
  readonly inputPath?: string;
  readonly inputTransformer?: { readonly template: string; readonly paths: Readonly<Record<string, string>> };
}
