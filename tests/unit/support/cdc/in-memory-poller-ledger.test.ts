import { describePollerLedger } from '../../../contract/poller-ledger.ts';
import { InMemoryPollerLedger } from '../../../support/cdc/in-memory-poller-ledger.ts';

describePollerLedger('InMemoryPollerLedger', async () => new InMemoryPollerLedger());
