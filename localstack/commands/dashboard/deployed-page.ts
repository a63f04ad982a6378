import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { describeAwsError } from '../stage/aws-error.ts';
import type { SignedPageOptions } from './signed-page.ts';

const OUTPUT = 'DashboardUrl';

/**
 * Where the page of a stage is, and the operator's credentials for it. The output of the stage's CloudFormation stack has
 * the address.
 */
export async function findDeployedPage(stage: string, region: string | undefined): Promise<SignedPageOptions> {
  const client = new CloudFormationClient(region === undefined ? {} : { region });
  try {
    const stackName = `employee-streams-${stage}`;
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    const url = stack?.Outputs?.find(({ OutputKey }) => OutputKey === OUTPUT)?.OutputValue;
    if (url === undefined) {
      throw new Error(
        `Stack ${stackName} has no output ${OUTPUT}: deploy this version with npm run deploy -- --stage ${stage}`,
      );
    }
    return { url, region: await client.config.region(), credentials: client.config.credentials };
  } catch (cause) {
    throw new Error(await describe(cause as Error, client, stage), { cause });
  } finally {
    client.destroy();
  }
}

async function describe(cause: Error, client: CloudFormationClient, stage: string): Promise<string> {
  const region = await client.config.region().catch(() => undefined);
  if (cause.name === 'ValidationError' && cause.message.includes('does not exist')) {
    return `There is no stage ${stage} in region ${region}: check --stage and --region, or deploy it with npm run deploy -- --stage ${stage}`;
  }
  const request = { what: 'CloudFormation', action: 'cloudformation:DescribeStacks', stage, region };
  return describeAwsError(cause, request) ?? cause.message;
}
