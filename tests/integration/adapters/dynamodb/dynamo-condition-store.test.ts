import { DynamoConditionReader } from '../../../../functions/adapters/dynamodb/dynamo-condition-reader.ts';
import { DynamoConditionStore } from '../../../../functions/adapters/dynamodb/dynamo-condition-store.ts';
import { describeConditionStore } from '../../../contract/condition-store.ts';
import { createOffsetTable } from '../../../support/cdc/resources.ts';
import { createPatientDynamoClient } from '../../../support/cdc/wiring.ts';
import { endpoints } from '../../../support/servers.ts';

const { endpoint } = endpoints().dynamodb;
const client = createPatientDynamoClient(endpoint);
afterAll(() => client.destroy());

describeConditionStore('DynamoConditionStore', async (now) => {
  const table = await createOffsetTable(endpoint);
  const read = async () => {
    const conditions = await new DynamoConditionReader(client, table, now).read();
    return conditions.map((condition) => ({ ...condition, since: condition.since.toISOString() }));
  };
  return { store: new DynamoConditionStore(client, table, now), read };
});
