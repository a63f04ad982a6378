import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../ports/clock.ts';

/** The clock of the process. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  sleep: (ms) => sleep(ms),
};
