import { describeDeadLetterLedger } from '../../contract/dead-letter-ledger.ts';
import { InMemoryDeadLetterLedger } from '../../support/in-memory-dead-letter-ledger.ts';

describeDeadLetterLedger('InMemoryDeadLetterLedger', async () => {
  const ledger = new InMemoryDeadLetterLedger();
  return { ledger, setState: async (id, state) => ledger.setState(id, state) };
});
