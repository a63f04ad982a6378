import type { AwsAccount } from './account.ts';
import { STACKS } from './run-serverless.ts';

/** What protects the data stack of a stage from its deletion, with the command that ends the protection. */
export async function checkRemoval(stage: string, region: string, account: AwsAccount): Promise<readonly string[]> {
  const name = `${STACKS.data.name}-${stage}`;
  const stack = await account.findStack(name);
  if (stack === undefined) return [];
  const ids = (await account.resourcesOf(name)).filter(({ type }) => type === 'AWS::RDS::DBInstance');
  const databases = await Promise.all(
    ids.map(async ({ physicalId }) => ((await account.isDatabaseProtected(physicalId)) ? [physicalId] : [])),
  );
  const database = (id: string) =>
    `The database ${id} is protected: aws rds modify-db-instance --region ${region} --db-instance-identifier ${id} --no-deletion-protection --apply-immediately`;
  return [
    ...databases.flat().map(database),
    ...(stack.isProtected
      ? [
          `The stack ${name} is protected: aws cloudformation update-termination-protection --region ${region} --stack-name ${name} --no-enable-termination-protection`,
        ]
      : []),
  ];
}
