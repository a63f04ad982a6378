import { LambdaClient } from '@aws-sdk/client-lambda';
import { errorMessage } from '../terminal/program.ts';
import type { AwsAccount } from './account.ts';
import { requireRegion } from './stage-name.ts';

/** The region to deploy to: the wanted one, or that of the AWS configuration. There is no default. */
export async function findRegion(wanted: string | undefined, stage: string): Promise<string> {
  if (wanted !== undefined) return requireRegion(wanted);
  const client = new LambdaClient({});
  try {
    return requireRegion(await client.config.region());
  } catch (error) {
    if (error instanceof Error && !error.message.includes('Region is missing')) throw error;
    throw new Error(
      `Expected a region, found none in --region, AWS_REGION and the profile: npm run deploy -- --stage ${stage} --region eu-central-1`,
    );
  } finally {
    client.destroy();
  }
}

/** The account that the credentials belong to. */
export async function findAccountId(account: AwsAccount, region: string): Promise<string> {
  try {
    return await account.accountId();
  } catch (error) {
    const { name } = error as Error;
    if (name === 'CredentialsProviderError') {
      throw new Error(
        `Found no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or sign in with "aws sso login". ${errorMessage(error)}`,
      );
    }
    if (/^(ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch)/.test(name)) {
      throw new Error(`AWS refuses the credentials: ${errorMessage(error)}. Sign in again, or set others.`);
    }
    throw new Error(`AWS does not answer in ${region}: ${errorMessage(error)}`);
  }
}
