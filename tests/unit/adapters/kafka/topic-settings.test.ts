import { Admin, ProtocolError } from '@platformatic/kafka';
import { enforceSettings } from '../../../../functions/adapters/kafka/topic-settings.ts';

const ENFORCED = { 'message.timestamp.type': 'LogAppendTime' };
const SETTINGS = { brokers: ['127.0.0.1:1'], auth: 'none', clientId: 'test' } as const;

const enforce = (retryForMs: number) =>
  enforceSettings(SETTINGS, [{ topic: 'changes', partitions: 1, config: {}, enforced: ENFORCED }], retryForMs);

let describeConfigs: jest.SpyInstance;
let alterConfigs: jest.SpyInstance;
beforeEach(() => {
  describeConfigs = jest.spyOn(Admin.prototype, 'describeConfigs').mockResolvedValue([] as never);
  alterConfigs = jest.spyOn(Admin.prototype, 'incrementalAlterConfigs').mockResolvedValue(undefined as never);
});
afterEach(() => jest.restoreAllMocks());

it.each(['UNKNOWN_TOPIC_OR_PARTITION', 'TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'])(
  'repeats the request to a broker that answers %s',
  async (code) => {
    describeConfigs.mockRejectedValueOnce(new ProtocolError(code));
    alterConfigs.mockRejectedValueOnce(new ProtocolError(code));
    await enforce(10_000);
    expect(describeConfigs).toHaveBeenCalledTimes(3);
    expect(alterConfigs).toHaveBeenCalledTimes(2);
  },
);

it('fails when a broker still does not know the topic after some time', async () => {
  describeConfigs.mockRejectedValue(new ProtocolError('UNKNOWN_TOPIC_OR_PARTITION'));
  await expect(enforce(100)).rejects.toThrow('This server does not host this topic-partition.');
});

it('fails at once when a broker refuses the configuration', async () => {
  alterConfigs.mockRejectedValue(new ProtocolError('INVALID_CONFIG'));
  await expect(enforce(10_000)).rejects.toThrow();
  expect(alterConfigs).toHaveBeenCalledTimes(1);
});
