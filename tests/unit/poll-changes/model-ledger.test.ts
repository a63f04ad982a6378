import { describeLedger } from '../../support/cdc/describe-ledger.ts';
import { ModelLedger } from '../../support/cdc/model-ledger.ts';

// The tests of the poller stand on it, so it keeps to what the real one promises.
describeLedger('the ledger in memory', async () => new ModelLedger());
