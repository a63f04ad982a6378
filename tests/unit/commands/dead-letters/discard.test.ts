import { discardAll, discardedText } from '../../../../localstack/commands/dead-letters/discard.ts';
import type { DeadLetterState } from '../../../../functions/core/dead-letter-entry.ts';
import type { LedgerEntry } from '../../../../functions/ports/dead-letter-ledger.ts';

const ledgerWith = (states: Record<string, DeadLetterState>) => ({
  states,
  find: async (id: string) => (states[id] === undefined ? null : ({ id, state: states[id] } as LedgerEntry)),
  discard: async (id: string): Promise<DeadLetterState | null> => {
    if (['open', 'parked'].includes(states[id] ?? '')) states[id] = 'discarded';
    return states[id] ?? null;
  },
});
const mustNotAsk = async () => {
  throw new Error('expected no question');
};

describe('discarding dead letters', () => {
  it('asks once about those that can be given up, and says what became of each', async () => {
    const ledger = ledgerWith({ a: 'open', b: 'parked', c: 'resolved' });
    const asked: string[][] = [];
    const confirm = async (entries: readonly LedgerEntry[]) => asked.push(entries.map(({ id }) => id)) > 0;
    const outcomes = await discardAll(ledger, ['a', 'b', 'c'], confirm);
    expect(asked).toEqual([['a', 'b']]);
    expect(outcomes.map(discardedText)).toEqual([
      'Discarded a.',
      'Discarded b.',
      'c is resolved: only dead letters that are open or parked can be discarded.',
    ]);
  });

  it('changes nothing when it is declined', async () => {
    const ledger = ledgerWith({ a: 'open' });
    expect((await discardAll(ledger, ['a'], async () => false)).map(discardedText)).toEqual(['a stays open.']);
    expect(ledger.states).toEqual({ a: 'open' });
  });

  it('does not ask when nothing can be given up, or when one is unknown', async () => {
    const ledger = ledgerWith({ a: 'open', c: 'resolved' });
    expect(await discardAll(ledger, ['c'], mustNotAsk)).toEqual([{ id: 'c', state: 'resolved' }]);
    await expect(discardAll(ledger, ['a', 'x'], mustNotAsk)).rejects.toThrow('found "x"');
    expect(ledger.states).toEqual({ a: 'open', c: 'resolved' });
  });
});
