import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoServerTime } from '../../../../functions/adapters/dynamodb/dynamo-server-time.ts';

const SERVER_TIME = new Date('2026-12-31T12:00:00Z');

/** A client whose server sends these headers, with an error or not. */
function clientOf(headers: Record<string, string>, statusCode: number): DynamoDBClient {
  const body = statusCode === 200 ? '{}' : '{"__type":"ConditionalCheckFailedException"}';
  const response = { statusCode, headers, body: Buffer.from(body) };
  return new DynamoDBClient({
    ...{ region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 's' }, maxAttempts: 1 },
    requestHandler: { handle: async () => ({ response }) } as never,
  });
}

const request = (client: DynamoDBClient) =>
  client.send(new GetItemCommand({ TableName: 't', Key: { id: { S: 'i' } } })).catch(() => {});

afterEach(() => jest.restoreAllMocks());

test.each([200, 400])('is the time of the response with status %i, and goes on evenly from there', async (status) => {
  const client = clientOf({ date: SERVER_TIME.toUTCString() }, status);
  const time = new DynamoServerTime(client);
  const monotonic = jest.spyOn(performance, 'now').mockReturnValue(1_000);
  await request(client);
  expect(time.isKnown).toBe(true);
  monotonic.mockReturnValue(31_000);
  jest.spyOn(Date, 'now').mockReturnValue(0);
  expect(time.now()).toEqual(new Date('2026-12-31T12:00:30Z'));
});

test('is the clock of the process until the server has said its time', async () => {
  const client = clientOf({}, 200);
  const time = new DynamoServerTime(client);
  await request(client);
  jest.spyOn(performance, 'now').mockReturnValue(1_000);
  jest.spyOn(Date, 'now').mockReturnValue(7);
  expect(time.isKnown).toBe(false);
  expect(time.now()).toEqual(new Date(7));
});
