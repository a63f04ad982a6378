import { encodeTyped } from '../../../../functions/core/typed-json.ts';
import { StageDeadLetters } from '../../../../localstack/commands/dead-letters/stage-dead-letters.ts';
import { exampleDeadLetter } from '../../../support/dashboard/example-state.ts';

const ENTRY = exampleDeadLetter(new Date('2026-11-26T08:00:00Z'));

/** The ledger of a stage whose functions give one answer. */
function ledgerWith(answer: unknown) {
  const asked: unknown[] = [];
  const invoke = async (name: string, event: unknown) => {
    asked.push([name, event]);
    return JSON.parse(JSON.stringify(encodeTyped(answer)));
  };
  return { ledger: new StageDeadLetters({ invoke }), asked };
}

it('asks function dashboard, and returns the times of its answer', async () => {
  const { ledger, asked } = ledgerWith([ENTRY]);
  const since = new Date('2026-11-26T06:00:00Z');
  expect(await ledger.list({ since, states: ['open'] }, 5)).toEqual([ENTRY]);
  const filter = { since: { $date: since.toISOString() }, states: ['open'] };
  expect(asked).toEqual([['dashboard', { operation: 'list-dead-letters', filter, limit: 5 }]]);
});

it('discards by function redrive, which may write', async () => {
  const { ledger, asked } = ledgerWith({ state: 'discarded' });
  expect(await ledger.discard(ENTRY.id)).toBe('discarded');
  expect(asked).toEqual([['redrive', { action: 'discard', id: ENTRY.id }]]);
});

it('refuses more than an answer of Lambda can hold', async () => {
  const { ledger, asked } = ledgerWith([]);
  await expect(ledger.list({}, 1_001)).rejects.toThrow('Expected --limit of at most 1000 with --stage, found 1001.');
  expect(asked).toEqual([]);
});
