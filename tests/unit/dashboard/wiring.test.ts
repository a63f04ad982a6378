import { Database } from '../../../functions/adapters/postgres/database.ts';
import { dashboardShape } from '../../../functions/dashboard/config.ts';
import { openDashboard } from '../../../functions/dashboard/wiring.ts';
import { loadConfig } from '../../../functions/runtime/config.ts';

const config = loadConfig(dashboardShape, {
  KAFKA_BROKERS: '127.0.0.1:1',
  SOURCE_DATABASE_URL: 'postgres://user@127.0.0.1:1/source',
  TARGET_DATABASE_URL: 'postgres://user@127.0.0.1:1/target',
  OFFSET_TABLE: 'offsets',
  REDRIVE_FUNCTION_NAME: 'redrive',
  VERIFY_FUNCTION_NAME: 'verify',
  DASHBOARD_STAGE: 'test',
});

it('gives a command the time to search many dead letters, and a page only an instant', async () => {
  const timeouts: (number | undefined)[] = [];
  jest.spyOn(Database, 'open').mockImplementation(async ({ statementTimeoutMs }) => {
    const query = async () => {
      timeouts.push(statementTimeoutMs);
      return { rows: [] };
    };
    return { query } as unknown as Database;
  });
  const { app, operations } = await openDashboard(config, 'dashboard');
  await app.deadLetters.find('id');
  await operations.deadLetters.find('id');
  expect(timeouts).toEqual([500, 20_000]);
});
