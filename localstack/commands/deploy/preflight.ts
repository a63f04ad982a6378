import { errorMessage } from '../terminal/program.ts';
import type { AwsAccount } from './account.ts';
import { checkConcurrency, reservedFunctions } from './check-concurrency.ts';
import { checkDatabaseOffers, checkDatabaseTexts, wantedDatabases } from './check-databases.ts';
import { checkNames } from './check-names.ts';
import { checkNetwork } from './check-network.ts';
import { checkReplacement } from './check-replacement.ts';
import { checkRetention } from './check-retention.ts';
import { checkStack } from './check-stack.ts';
import { STACKS } from './run-serverless.ts';
import { type Place, resourcesOf, type Template, textOf } from './template.ts';

export interface Deployment {
  readonly stage: string;
  readonly place: Place;
  readonly data: Template;
  readonly functions: Template;
  /** Those of the command, such as `sourceInstance=source-2`. */
  readonly parameters?: readonly string[];
}

export interface Preflight {
  /** Why the deployment would fail. */
  readonly faults: readonly string[];
  /** What could not be checked, and why. */
  readonly unchecked: readonly string[];
}

/** Looks for everything that would make a deployment fail half-way, in the templates and in the account. */
export async function examine(deployment: Deployment, account: AwsAccount): Promise<Preflight> {
  const { stage, place, data, functions } = deployment;
  const unchecked: string[] = [];
  const attempt = (what: string, check: () => Promise<readonly string[]>) =>
    check().catch((error: unknown) => {
      unchecked.push(`${what}: ${errorMessage(error)}`);
      return [];
    });
  const ofAccount = await Promise.all([
    attempt('the state of the stacks', () => examineStacks(stage, account)),
    attempt('the quota of concurrent executions', () => examineConcurrency(functions, place, account)),
    attempt('the classes of databases', () => examineDatabases(data, place, account)),
    attempt('the databases of the deployed stack', () => examineReplacement(deployment, account)),
    attempt('the name of the bucket', () => examineBucket(deployment, account)),
    attempt('the existing bucket', () => examineExistingBucket(deployment, account)),
  ]);
  const ofTemplates = [data, functions].flatMap((template) => [
    ...checkNames(template, stage, place),
    ...checkNetwork(template, place),
    ...checkRetention(template, place),
    ...wantedDatabases(template, place).flatMap(checkDatabaseTexts),
  ]);
  return { faults: [...new Set([...ofTemplates, ...ofAccount.flat()])], unchecked };
}

async function examineStacks(stage: string, account: AwsAccount): Promise<readonly string[]> {
  const names = Object.values(STACKS).map(({ name }) => `${name}-${stage}`);
  const states = await Promise.all(names.map(async (name) => checkStack(name, await account.stackStatus(name), stage)));
  return states.flat();
}

async function examineConcurrency(template: Template, place: Place, account: AwsAccount): Promise<readonly string[]> {
  const current = await Promise.all(
    reservedFunctions(template, place).map(({ name }) => account.reservedConcurrency(name)),
  );
  const sum = current.reduce((total, count) => total + count, 0);
  return checkConcurrency(template, place, await account.concurrencyQuota(), sum);
}

async function examineDatabases(template: Template, place: Place, account: AwsAccount): Promise<readonly string[]> {
  const wanted = wantedDatabases(template, place).filter((each) => checkDatabaseTexts(each).length === 0);
  const faults = await Promise.all(
    wanted.map(async (each) =>
      checkDatabaseOffers(each, await account.databaseOffers(each.databaseClass), place.region),
    ),
  );
  return faults.flat();
}

async function examineReplacement(deployment: Deployment, account: AwsAccount): Promise<readonly string[]> {
  const { stage, place, data, parameters = [] } = deployment;
  const name = `${STACKS.data.name}-${stage}`;
  const stack = await account.findStack(name);
  if (stack === undefined) return [];
  return checkReplacement(data, place, stack, await account.resourcesOf(name), parameters);
}

async function examineExistingBucket({ place, data }: Deployment, account: AwsAccount): Promise<readonly string[]> {
  const bucket = textOf({ Ref: 'ExistingBucket' }, data, place) ?? '';
  if (bucket === '') return [];
  const state = await account.bucketState(bucket);
  if (state === 'accessible') return [];
  const found =
    state === 'missing' ? 'does not exist' : 'belongs to another account, or your credentials may not use it';
  return [`The bucket ${bucket} of existingBucket ${found}: name another one with --param "existingBucket=NAME".`];
}

/** A bucket that stayed after its stack was deleted, or that another account has, cannot be created. */
async function examineBucket({ stage, place, data }: Deployment, account: AwsAccount): Promise<readonly string[]> {
  if ((await account.stackStatus(`${STACKS.data.name}-${stage}`)) !== undefined) return [];
  const names = resourcesOf(data, 'AWS::S3::Bucket', place).flatMap(
    ({ Properties = {} }) => textOf(Properties['BucketName'], data, place) ?? [],
  );
  const faults = await Promise.all(
    names.map(async (name) => {
      const state = await account.bucketState(name);
      if (state === 'missing') return [];
      return state === 'accessible'
        ? [`The bucket ${name} exists already: use it with --param "existingBucket=${name}".`]
        : [`The bucket ${name} belongs to another account: choose another name with --param "bucket=NAME".`];
    }),
  );
  return faults.flat();
}
