import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Asks again until there is an answer, and returns it.
 *
 * @throws when there is none in time, saying what was waited for.
 */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined> | Answer | undefined,
  { withinMs = 60_000, everyMs = 10 } = {},
): Promise<Answer> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const askedAt = performance.now();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs / 1_000} s for ${what}, in vain`);
    // A large question must not keep the machine from what it waits for.
    await sleep(Math.max(everyMs, 2 * (performance.now() - askedAt)));
  }
}
