import { DeadLetterIndexer } from '../../functions/index-dead-letters/dead-letter-indexer.ts';
import { handler } from '../../functions/index-dead-letters/handler.ts';
import event from '../fixtures/events/msk-dead-letters.json' with { type: 'json' };
import '../support/hidden-output.ts';
import { InMemoryDeadLetterLedger } from '../support/in-memory-dead-letter-ledger.ts';
import { lambdaContext } from '../support/lambda-context.ts';

const context = lambdaContext('index-dead-letters');

/** The handler with the ledger of dead letters in memory. */
function connectIndexDeadLetters() {
  const ledger = new InMemoryDeadLetterLedger();
  const indexer = new DeadLetterIndexer(ledger);
  return { ledger, indexDeadLetters: handler.withDependencies(({ logger }) => ({ indexer, logger })) };
}

it('adds each dead letter of an event to the ledger, and a record that is none too, so that an operator sees it', async () => {
  const { ledger, indexDeadLetters } = connectIndexDeadLetters();
  await indexDeadLetters(event, context);
  expect([...ledger.entries.values()]).toMatchObject([
    { id: 'employee-changes/0/18', code: 'noNegativeEmpId', attempts: 1 },
    { id: 'employee-changes.dead-letter/0/4', code: 'PIPE_DEAD_LETTER_UNREADABLE' },
  ]);
});

it('fails while the database is unreachable, and indexes the event when Lambda delivers it again', async () => {
  const { ledger, indexDeadLetters } = connectIndexDeadLetters();
  jest.spyOn(ledger, 'index').mockRejectedValueOnce(new Error('database is unreachable'));
  await expect(indexDeadLetters(event, context)).rejects.toThrow('database is unreachable');
  await indexDeadLetters(event, context);
  expect(ledger.entries.size).toBe(2);
});
