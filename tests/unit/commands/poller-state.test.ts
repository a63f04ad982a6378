import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PollerState } from '../../../localstack/commands/poller-state.ts';

const read = (position: string) => {
  const item = { heartbeat: { N: '7' }, owner: { S: 'me' }, position: { S: position } };
  return new PollerState({ send: async () => ({ Item: item }) } as unknown as DynamoDBClient, 'offsets').read();
};

it('reads the saved position', async () => {
  const progress = { phase: 'stream', since: '10:20:11,12' };
  expect(await read(JSON.stringify({ epoch: '5', progress }))).toMatchObject({ heartbeat: '7', epoch: '5', progress });
});

it.each(['', '{', '{"progress":{"phase":"stream","since":"no snapshot"}}', '{"progress":7}'])(
  'reads the rest of the item when the position is unreadable: %j',
  async (position) => {
    expect(await read(position)).toEqual({
      ...{ isPollerRunning: true, isSnapshotRequested: false, heartbeat: '7', fencingToken: null },
    });
  },
);
