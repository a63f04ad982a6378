import type { DeadLetterState } from '../../../functions/core/dead-letter-entry.ts';
import type { DeadLetterLedger, LedgerEntry } from '../../../functions/ports/dead-letter-ledger.ts';

/** The states from which an operator can give a dead letter up. */
const DISCARDABLE: readonly DeadLetterState[] = ['open', 'parked'];

interface DiscardOutcome {
  readonly id: string;
  readonly state: DeadLetterState;
}

/**
 * Gives dead letters up once the operator has confirmed it. Does not ask about those that cannot be given up.
 *
 * @returns their states afterwards.
 * @throws before anything is discarded when the ledger does not have one of them.
 */
export async function discardAll(
  ledger: Pick<DeadLetterLedger, 'find' | 'discard'>,
  ids: readonly string[],
  isConfirmed: (entries: readonly LedgerEntry[]) => Promise<boolean>,
): Promise<readonly DiscardOutcome[]> {
  const entries: LedgerEntry[] = [];
  for (const id of ids) {
    const entry = await ledger.find(id);
    if (entry === null) throw unknownDeadLetter(id);
    entries.push(entry);
  }
  const discardable = entries.filter(({ state }) => DISCARDABLE.includes(state));
  if (discardable.length === 0 || !(await isConfirmed(discardable)))
    return entries.map(({ id, state }) => ({ id, state }));
  const outcomes: DiscardOutcome[] = [];
  for (const id of ids) {
    const state = await ledger.discard(id);
    if (state === null) throw unknownDeadLetter(id);
    outcomes.push({ id, state });
  }
  return outcomes;
}

export function discardedText({ id, state }: DiscardOutcome): string {
  if (state === 'discarded') return `Discarded ${id}.`;
  if (DISCARDABLE.includes(state)) return `${id} stays ${state}.`;
  return `${id} is ${state}: only dead letters that are open or parked can be discarded.`;
}

export function unknownDeadLetter(id: string): Error {
  return new Error(
    `Expected the id of a dead letter, found "${id}", which the ledger does not have: see npm run dead-letters`,
  );
}
