import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
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
  } finally {
    client.destroy();
  }
}

type Environment = Record<string, string | undefined>;

/** The variables that configure the AWS SDK. */
export function readAwsVariables(env: Environment = process.env): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('AWS_')));
}

/** Makes these the only variables that configure the AWS SDK. */
export function useAwsVariables(variables: Environment, env: Environment = process.env): void {
  for (const name of Object.keys(readAwsVariables(env))) delete env[name];
  Object.assign(env, variables);
}
