import { DeadLetterIndexer } from '../../../functions/index-dead-letters/dead-letter-indexer.ts';
import { handler } from '../../../functions/index-dead-letters/handler.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { InMemoryDeadLetterLedger } from '../../support/in-memory-dead-letter-ledger.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

test('index-dead-letters indexes the records of a Kafka event', async () => {
  const ledger = new InMemoryDeadLetterLedger();
  const connected = handler.withDependencies(({ logger }) => ({ indexer: new DeadLetterIndexer(ledger), logger }));
  const record = { topic: 'employee-changes.dead-letter', partition: 0, offset: 3, timestamp: 1_700_000_000_000 };
  const output = captureOutput();
  await connected(
    { records: { 'employee-changes.dead-letter-0': [{ ...record, value: 'e30=' }] } },
    lambdaContext('employee-streams-dev-index-dead-letters'),
  );
  expect(output.restore()).toContainEqual(
    expect.objectContaining({ message: 'dead letters indexed', received: 1, added: 1, updated: 0 }),
  );
  expect([...ledger.entries.keys()]).toEqual(['employee-changes.dead-letter/0/3']);
});
