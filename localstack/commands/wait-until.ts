import { setTimeout as delay } from 'node:timers/promises';

interface Options {
  readonly withinMs: number;
  readonly everyMs: number;
  /** What was expected and what was found, for the error message. */
  readonly onTimeout: () => string;
}

/** Repeats the check until it returns true. @throws with the message of `onTimeout` when the time is over. */
export async function waitUntil(check: () => Promise<boolean>, options: Options): Promise<void> {
  const deadline = performance.now() + options.withinMs;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(options.onTimeout());
    await delay(options.everyMs);
  }
}
