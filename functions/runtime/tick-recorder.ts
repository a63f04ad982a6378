import { randomInt } from 'node:crypto';
import { TickRecorder } from '../core/pipeline-tick.ts';

const MAX_INT32 = 2_147_483_647;

/** The recorder of this instance of a function. */
export function createTickRecorder(functionName: string): TickRecorder {
  return new TickRecorder({ functionName, writer: randomInt(1, MAX_INT32), nowMs: Date.now });
}
