import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';

type Falsy = undefined | null | false | 0 | '' | 0n;

/** Makes a check without a result a compile error: its success would look like "not yet". */
// biome-ignore lint/suspicious/noConfusingVoidType: the type asks exactly for functions that return nothing.
type HasResult<Result> = unknown extends Result ? unknown : void extends Result ? 'return true after expect' : unknown;

export interface WaitOptions {
  /** Maximum time to wait, in milliseconds. */
  readonly withinMs?: number;
  /** Minimum pause between two checks, in milliseconds. */
  readonly everyMs?: number;
  /** What the check waits for, as the error message names it; the check's own source text by default. */
  readonly what?: string;
}

/** Thrown by a check to end the wait at once, because the condition can no longer come true. */
export class StopWaiting extends Error {}

/** A check that began before the deadline may finish within this time, so that a late check is not cut off at once. */
const MIN_CHECK_MS = 1_000;

/**
 * Repeats the check until it returns a truthy value, and returns that value. A check that throws is repeated, so it may
 * use `expect`; it then returns `true` at its end.
 *
 * @throws when the time is over, with what the check last returned or threw. A check that never settles does not
 * prolong the wait. @throws {StopWaiting} at once when the check throws it.
 */
export async function eventually<Result>(
  check: (() => Result | Promise<Result>) & HasResult<Result>,
  { withinMs = 60_000, everyMs = 10, what = sourceOf(check) }: WaitOptions = {},
): Promise<Exclude<Result, Falsy>> {
  const startedAt = performance.now();
  let lastSeen: string | undefined;
  let cause: unknown;
  for (;;) {
    const checkedAt = performance.now();
    const leftMs = startedAt + withinMs - checkedAt;
    try {
      const result = await settledWithin(Math.max(leftMs, MIN_CHECK_MS), check);
      if (result) return result as Exclude<Result, Falsy>;
      [lastSeen, cause] = [`the check last returned ${shorten(inspect(result))}`, undefined];
    } catch (error) {
      if (error instanceof StopWaiting) throw error;
      // An unsettled check says less than the one before it.
      if (!(error instanceof UnsettledCheck) || lastSeen === undefined) {
        [lastSeen, cause] = [`the check last threw ${shorten(String(error))}`, error];
      }
    }
    const now = performance.now();
    if (now - startedAt >= withinMs) {
      throw new Error(`expected ${what} within ${withinMs} ms, but ${lastSeen}`, { cause });
    }
    // The pause grows with the check's own time, so that expensive checks do not slow down what they wait for.
    await sleep(Math.max(everyMs, 2 * (now - checkedAt)));
  }
}

class UnsettledCheck extends Error {
  override readonly name = 'UnsettledCheck';
}

async function settledWithin<Result>(limitMs: number, check: () => Result | Promise<Result>): Promise<Result> {
  const timer = new AbortController();
  const limit = sleep(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new UnsettledCheck('no result: it was still running');
  });
  // Aborted once the check has settled.
  limit.catch(() => {});
  try {
    return await Promise.race([check(), limit]);
  } finally {
    timer.abort();
  }
}

function sourceOf(check: () => unknown): string {
  return shorten(`\`${String(check).replaceAll(/\s+/g, ' ')}\``);
}

function shorten(text: string, maxLength = 1_000): string {
  return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
}
