import { PollerLedger } from '../../functions/adapters/dynamodb/poller-ledger.ts';
import { describeLedger } from '../support/cdc/describe-ledger.ts';
import { createOffsetTable } from '../support/cdc/pipeline.ts';
import { createDynamoDb } from '../support/cdc/wiring.ts';
import { endpoints } from '../support/servers.ts';

const { endpoint } = endpoints().dynamodb;
const client = createDynamoDb(endpoint, 'patient');
afterAll(() => client.destroy());

describeLedger('the ledger in DynamoDB', async () => new PollerLedger(client, await createOffsetTable(endpoint)));
