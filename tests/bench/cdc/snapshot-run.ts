import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Pool } from 'pg';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import { eventually } from '../../support/eventually.ts';
import { perSecond } from '../statistics.ts';

/** Inserts rows without the trigger, so that only a snapshot transfers them. @returns its rows per second. */
export async function measureSnapshot(
  rowCount: number,
  source: Pool,
  target: Pool,
  endpoints: StackEndpoints,
): Promise<number> {
  await source.query(`
    alter table employees disable trigger all;
    insert into employees (first_name, last_name, dob, city, salary)
      select 'First ' || n, 'Last ' || n, date '1980-01-01' + n % 9000, 'City ' || n % 97, n
      from generate_series(1, ${rowCount}) n;
    alter table employees enable always trigger "00_capture_statement";
    alter table employees enable always trigger "00_capture_change";
    alter table employees enable always trigger "00_capture_truncate"`);
  const { rows } = await source.query<{ count: string }>('select count(*) from employees');
  const before = await watermarkEpoch(target);
  await requestSnapshot(endpoints);
  // The watermark is raised to just below the epoch when the snapshot is complete. The epoch is the time of its start.
  const raisedTo = await eventually(
    async () => {
      const epoch = await watermarkEpoch(target);
      return epoch === before ? undefined : epoch;
    },
    { what: 'the end of the snapshot', withinMs: 120_000 },
  );
  return perSecond(Number(rows[0]?.count), Date.now() - Number(raisedTo) - 1);
}

async function watermarkEpoch(target: Pool): Promise<string> {
  const { rows } = await target.query<{ epoch: string }>('select epoch from employee_watermark');
  return rows[0]?.epoch ?? '';
}

async function requestSnapshot({ dynamodb, s3 }: StackEndpoints): Promise<void> {
  const client = new DynamoDBClient({
    endpoint: dynamodb.endpoint,
    region: s3.region,
    credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
  });
  await client.send(
    new UpdateItemCommand({
      TableName: dynamodb.offsetTable,
      Key: { id: { S: 'employee-changes' } },
      UpdateExpression: 'SET resnapshot = :token',
      ExpressionAttributeValues: { ':token': { S: 'bench' } },
    }),
  );
  client.destroy();
}
