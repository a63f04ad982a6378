import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { createS3Client } from '../../../../functions/adapters/s3/s3-client.ts';

const NOW_MS = Date.parse('2026-12-31T12:00:00Z');
const DAY_MS = 86_400_000;
const SKEWED = '<Error><Code>RequestTimeTooSkewed</Code><Message>set the clock</Message></Error>';

let clock: jest.SpyInstance;
const environment = { ...process.env };
beforeEach(() => {
  clock = jest.spyOn(Date, 'now').mockReturnValue(NOW_MS);
  Object.assign(process.env, { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 's' });
});
afterEach(() => {
  jest.restoreAllMocks();
  process.env = { ...environment };
});

/** A client whose server has the right time, and refuses requests with another one. */
function clientOfServer() {
  const client = createS3Client();
  let requestCount = 0;
  client.config.requestHandler = {
    handle: async ({ headers }: { headers: Record<string, string> }) => {
      requestCount += 1;
      const [, day, time] = /^(\d{8})T(\d{6})Z$/.exec(headers['x-amz-date'] ?? '') ?? [];
      const isRight = day === '20261231' && time === '120000';
      const body = Buffer.from(isRight ? '<ListBucketResult/>' : SKEWED);
      return {
        response: { statusCode: isRight ? 200 : 403, headers: { date: new Date(NOW_MS).toUTCString() }, body },
      };
    },
  } as unknown as typeof client.config.requestHandler;
  return { client, requestCount: () => requestCount };
}

test.each([
  ['ahead', DAY_MS],
  ['back', -DAY_MS],
])('a request succeeds while the clock of the client is %s, and after it was set right', async (_, aheadMs) => {
  const { client, requestCount } = clientOfServer();
  clock.mockReturnValue(NOW_MS + aheadMs);
  await client.send(new ListObjectsV2Command({ Bucket: 'b' }));
  expect(requestCount()).toBe(2);
  clock.mockReturnValue(NOW_MS);
  await client.send(new ListObjectsV2Command({ Bucket: 'b' }));
  expect(requestCount()).toBe(4);
  client.destroy();
});
