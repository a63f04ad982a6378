import type { AsyncFunction } from './async-invocation.ts';

/** The times of a schedule, as its `rate(...)`, `cron(...)` or `at(...)` expression sets them. */
export interface ScheduleExpression {
  /**
   * The first time after `afterMs`, or undefined when there is none. A rate counts from `startMs`: the StartDate, or else
   * the creation. All times in milliseconds since 1970.
   */
  next(afterMs: number, startMs: number): number | undefined;
  /** The times of a rate are at equal distances, so that they do not depend on the wall clock. */
  readonly kind: 'rate' | 'cron' | 'once';
}

/** One function that an EventBridge rule or an EventBridge Scheduler schedule invokes. */
export interface Schedule {
  /** Logical id in the template; for a rule followed by `/` and the index of the target. */
  readonly id: string;
  readonly kind: 'rule' | 'scheduler';
  readonly arn: string;
  readonly name: string;
  /** The expression as the template has it. A schedule whose text changes counts as newly created. */
  readonly expressionText: string;
  readonly expression: ScheduleExpression;
  readonly function: AsyncFunction;
  readonly enabled: boolean;
  /** `StartDate` and `EndDate`, in milliseconds since 1970. Never of an `at(...)`, for which Scheduler ignores them. */
  readonly startMs?: number;
  readonly endMs?: number;
  /** JSON text that replaces the event. */
  readonly input?: string;
  readonly inputPath?: string;
  readonly inputTransformer?: { readonly template: string; readonly paths: Readonly<Record<string, string>> };
}
