import { DynamoPollerLedger } from '../../functions/adapters/dynamodb/dynamo-poller-ledger.ts';
import { describePollerLedger } from '../contract/poller-ledger.ts';
import { createOffsetTable } from '../support/cdc/pipeline.ts';
import { createDynamoDb } from '../support/cdc/wiring.ts';
import { endpoints } from '../support/servers.ts';

const { endpoint } = endpoints().dynamodb;
const client = createDynamoDb(endpoint, 'patient');
afterAll(() => client.destroy());

describePollerLedger(
  'DynamoPollerLedger',
  async () => new DynamoPollerLedger(client, await createOffsetTable(endpoint)),
);
