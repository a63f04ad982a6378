import { CloudFormationClient, UpdateTerminationProtectionCommand } from '@aws-sdk/client-cloudformation';
import TerminationProtectionPlugin from '../../../infra/data/termination-protection.ts';

afterEach(() => jest.restoreAllMocks());

test.each([
  [true, true],
  [false, false],
  // As a parameter of the command line is.
  ['true', true],
  ['false', false],
])('a deployment with %j sets the protection of the stack to %s', async (terminationProtection, expected) => {
  const sent = jest.spyOn(CloudFormationClient.prototype, 'send').mockImplementation(async () => ({}));
  const plugin = new TerminationProtectionPlugin({
    service: { custom: { terminationProtection } },
    getProvider: () => ({
      naming: { getStackName: () => 'employee-streams-data-prod' },
      getAwsSdkV3Config: async () => ({ region: 'eu-west-1' }),
    }),
  });
  await plugin.hooks['after:deploy:deploy']?.();
  const [command] = sent.mock.calls[0] ?? [];
  expect(command).toBeInstanceOf(UpdateTerminationProtectionCommand);
  expect(command?.input).toEqual({
    StackName: 'employee-streams-data-prod',
    EnableTerminationProtection: expected,
  });
});
