import { DynamoPollerLedger } from '../../../../functions/adapters/dynamodb/dynamo-poller-ledger.ts';
import { describePollerLedger } from '../../../contract/poller-ledger.ts';
import { createOffsetTable } from '../../../support/cdc/resources.ts';
import { createPatientDynamoClient } from '../../../support/cdc/wiring.ts';
import { endpoints } from '../../../support/servers.ts';

const { endpoint } = endpoints().dynamodb;
const client = createPatientDynamoClient(endpoint);
afterAll(() => client.destroy());

describePollerLedger(
  'DynamoPollerLedger',
  async () => new DynamoPollerLedger(client, await createOffsetTable(endpoint)),
);
