import type { VerifiedParts } from '../../../functions/verify-replica/verify-parts.ts';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import type { TemporaryStack } from '../../../localstack/stack/temporary-stack.ts';
import { literalSettings } from '../transform-memory/function-settings.ts';
import type { HandlerAnswer } from './handler-process.ts';
import { type MeasuredHandler, startHandler } from './measured-handler.ts';

export interface Verifier extends MeasuredHandler {
  run(event: object): Promise<HandlerAnswer & { readonly result: VerifiedParts }>;
}

/** All employees at full speed, as `npm run verify`. */
export const VERIFY_ALL = { action: 'verify', part: 'changes' };

/** The next slice at a gentle pace, as the schedule. */
export const VERIFY_SCHEDULED = {};

/** The function verify-replica with the limits of memory as deployed. */
export function startVerifier(stack: TemporaryStack, endpoints: StackEndpoints): Promise<Verifier> {
  return startHandler('verify-replica', stack, endpoints, {
    ...literalSettings('verify-replica'),
    SOURCE_DATABASE_URL: endpoints.sourceDatabaseUrl,
  }) as Promise<Verifier>;
}

export interface Verifications {
  readonly count: number;
  /** Proven differences, and rows that had not arrived in time. */
  readonly alarms: number;
  readonly unsettled: number;
}

/** Verifies again and again until `work` ends. Both sides are equal, so each difference that is found is a false alarm. */
export async function verifyWhile<Result>(
  verifier: Verifier,
  event: object,
  work: Promise<Result>,
): Promise<Verifications & { readonly result: Result }> {
  let isWorking = true;
  const working = work.finally(() => {
    isWorking = false;
  });
  working.catch(() => {});
  const found = { count: 0, alarms: 0, unsettled: 0 };
  while (isWorking) {
    const { result } = await verifier.run(event);
    found.count += 1;
    for (const slice of result.changes?.checked ?? []) {
      found.alarms += slice.missing + slice.extra + slice.different;
      found.unsettled += slice.unsettled;
    }
  }
  return { ...found, result: await working };
}
