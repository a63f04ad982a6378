import type { PollerLedger, PollerLedgerEntry } from '../ports/poller-ledger.ts';

const ACTIONS = ['describe', 'resnapshot'] as const;

/** An operator's command, which invokes the function directly. */
export interface OperatorRequest {
  /** `describe` only reads; `resnapshot` also requests a new snapshot. */
  readonly action: (typeof ACTIONS)[number];
}

export interface OperatorAnswer {
  /** Where salary files are put. */
  readonly bucket: string;
  /** `null` before the first poller. */
  readonly poller: PollerLedgerEntry | null;
}

export interface OperatorDependencies {
  readonly bucket: string;
  readonly ledger: Pick<PollerLedger, 'read' | 'requestResnapshot'>;
}

/** The events of the schedule have no field `action`. */
export function isOperatorRequest(event: unknown): event is { readonly action: unknown } {
  return typeof event === 'object' && event !== null && 'action' in event;
}

/** @returns `null` for the event of the schedule. @throws TypeError when the action is an unknown one. */
export function decodeOperatorRequest(event: unknown): OperatorRequest | null {
  if (!isOperatorRequest(event)) return null;
  const action = ACTIONS.find((each) => each === event.action);
  if (action === undefined) {
    throw new TypeError(`expected the action ${ACTIONS.join(' or ')}, found ${JSON.stringify(event.action)}`);
  }
  return { action };
}

/** @param token distinguishes requests for a snapshot; the same one again is the same request */
export async function answerOperator(
  { bucket, ledger }: OperatorDependencies,
  { action }: OperatorRequest,
  token: string,
): Promise<OperatorAnswer> {
  if (action === 'resnapshot') await ledger.requestResnapshot(token);
  return { bucket, poller: await ledger.read() };
}
