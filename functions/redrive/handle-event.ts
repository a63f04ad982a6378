import type { DeadLetterState } from '../core/dead-letter-entry.ts';
import type { Redrive } from '../core/redrive.ts';
import type { DeadLetterLedger } from '../ports/dead-letter-ledger.ts';
import type { Deadline } from '../ports/deadline.ts';
import type { RedriveLedger } from '../ports/redrive-ledger.ts';
import { type Plan, planRedrive, type RefusedRequest } from './plan.ts';
import type { RedriveEvent } from './redrive-event.ts';
import type { Redriver, RunOutcome } from './redriver.ts';

export interface RedriveInvocation {
  /** A name of this invocation that its retries share, so that a retry continues at once. */
  readonly owner: string;
  readonly deadline: Deadline;
}

type RedriveAnswer =
  | Plan
  | RefusedRequest
  | { readonly redrive: Redrive | null }
  | { readonly state: DeadLetterState | null }
  | { readonly outcome: RunOutcome | 'idle' };

export interface RedriveDependencies {
  readonly ledger: RedriveLedger;
  readonly redriver: Pick<Redriver, 'run' | 'resume'>;
  readonly deadLetters: Pick<DeadLetterLedger, 'discard'>;
}

/** Carries out one event. A request that cannot be carried out is answered with the reason and is no failure. */
export async function handleRedriveEvent(
  { ledger, redriver, deadLetters }: RedriveDependencies,
  event: RedriveEvent,
  { owner, deadline }: RedriveInvocation,
): Promise<RedriveAnswer> {
  switch (event.action) {
    case 'plan':
      return planRedrive(event, ledger);
    case 'run':
      return { outcome: await redriver.run(event.redriveId, owner, deadline) };
    case 'show':
      return { redrive: await ledger.find(event.redriveId) };
    case 'cancel': {
      const redrive = await ledger.find(event.redriveId);
      return { redrive: redrive && (await ledger.cancel(redrive.redriveId)) };
    }
    case 'discard':
      return { state: await deadLetters.discard(event.id) };
    case 'resume':
      return { outcome: await redriver.resume(owner, deadline) };
  }
}
