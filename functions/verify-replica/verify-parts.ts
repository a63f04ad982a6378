import type { ReplicaVerifier, VerifyResult, VerifyTimes } from './replica-verifier.ts';
import type { SalaryResult, SalaryVerifier } from './salary-verifier.ts';
import { decodeVerifyEvent, SCHEDULED_CHANGES, SCHEDULED_SALARIES } from './verify-event.ts';

export interface Verifiers {
  readonly replicaVerifier: Pick<ReplicaVerifier, 'verify'>;
  readonly salaryVerifier: Pick<SalaryVerifier, 'verify'>;
}

/** What the function returns. A part is `null` when it was not verified. */
export interface VerifiedParts {
  readonly changes: VerifyResult | null;
  readonly salaries: SalaryResult | null;
}

/** Verifies what an event asks for. */
export async function verifyParts(
  { replicaVerifier, salaryVerifier }: Verifiers,
  event: unknown,
  times: VerifyTimes,
): Promise<VerifiedParts> {
  const command = decodeVerifyEvent(event);
  if (command !== 'scheduled') {
    const changes = command.changes === null ? null : await replicaVerifier.verify({ ...command.changes, ...times });
    const salaries = command.salaries === null ? null : await salaryVerifier.verify({ ...command.salaries, ...times });
    return { changes, salaries };
  }
  const changes = await replicaVerifier.verify({ ...SCHEDULED_CHANGES, ...times });
  // Once in a round, because every row is read. The round's slice is the last one: those before it are verified again.
  // Without a slice the changes cannot be compared at present.
  const isDue = changes.checked.length === 0 || changes.checked.at(-1)?.slice === 0;
  const salaries = isDue ? await salaryVerifier.verify({ ...SCHEDULED_SALARIES, ...times }) : null;
  return { changes, salaries };
}
