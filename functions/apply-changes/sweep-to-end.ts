import { PipelineError } from '../core/errors.ts';
import type { Deadline } from '../ports/deadline.ts';
import type { EmployeeReplica, SweepState } from '../ports/employee-replica.ts';

/** Longer than one step may take. */
const MARGIN_MS = 25_000;

/**
 * Deletes, step by step, all employees that a TRUNCATE or the end of a snapshot removed. After a crash any later batch
 * continues, because the state of the sweep is stored.
 *
 * @throws a transient error when the time of the invocation runs short. The event source retries the batch, and the retry
 * continues with the sweep.
 */
export async function sweepToEnd(
  replica: Pick<EmployeeReplica, 'sweep'>,
  begun: SweepState,
  deadline: Deadline,
): Promise<SweepState> {
  let state = begun;
  while (state.isPending) {
    if (deadline.remainingMs() < MARGIN_MS) {
      throw new PipelineError(
        'PIPE_SWEEP_UNFINISHED',
        'expected to delete within one invocation the employees that a TRUNCATE or a snapshot removed, found too many of ' +
          'them; the next invocation continues by itself, so nothing needs to be done',
        { retry: 'timed' },
      );
    }
    state = await replica.sweep();
  }
  return state;
}
