import { AwsAccount } from '../../localstack/commands/deploy/account.ts';
import { type Deployment, examine, type Preflight } from '../../localstack/commands/deploy/preflight.ts';
import { FakeAws } from './fake-aws.ts';

const PLACE = { accountId: '123456789012', region: 'eu-west-1' };

/** What `npm run deploy` finds in templates before it deploys them to a fresh account. */
export async function examineTemplate(
  stage: string,
  templates: Partial<Pick<Deployment, 'data' | 'functions'>>,
): Promise<Preflight> {
  const aws = new FakeAws();
  Object.assign(process.env, await aws.start());
  const account = new AwsAccount(PLACE.region);
  const empty = { Resources: {} };
  try {
    return await examine({ stage, place: PLACE, data: empty, functions: empty, ...templates }, account);
  } finally {
    account.close();
    await aws.stop();
  }
}
