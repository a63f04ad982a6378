import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import {
  GetAccountSettingsCommand,
  GetFunctionConcurrencyCommand,
  LambdaClient,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import {
  DBInstanceNotFoundFault,
  DescribeDBInstancesCommand,
  paginateDescribeOrderableDBInstanceOptions,
  RDSClient,
} from '@aws-sdk/client-rds';
import { HeadBucketCommand, NotFound, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { ConcurrencyQuota } from './check-concurrency.ts';
import type { DatabaseOffer } from './check-databases.ts';

const FORBIDDEN = 403;

export interface DeployedStack {
  /** Such as UPDATE_COMPLETE. */
  readonly status: string;
  /** Whether it is protected from termination. */
  readonly isProtected: boolean;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface StackResource {
  /** In the template. */
  readonly logicalId: string;
  /** In AWS. */
  readonly physicalId: string;
  readonly type: string;
}

/** Reads what the checks need of an AWS account. It changes nothing. */
export class AwsAccount {
  readonly #stacks: CloudFormationClient;
  readonly #functions: LambdaClient;
  readonly #databases: RDSClient;
  readonly #buckets: S3Client;
  readonly #identity: STSClient;

  constructor(region: string) {
    const config = { region, maxAttempts: 3 };
    this.#stacks = new CloudFormationClient(config);
    this.#functions = new LambdaClient(config);
    this.#databases = new RDSClient(config);
    this.#buckets = new S3Client({ ...config, followRegionRedirects: true });
    this.#identity = new STSClient(config);
  }

  /** The number of the account. */
  async accountId(): Promise<string> {
    const { Account } = await this.#identity.send(new GetCallerIdentityCommand());
    return Account ?? '';
  }

  async concurrencyQuota(): Promise<ConcurrencyQuota> {
    const { AccountLimit } = await this.#functions.send(new GetAccountSettingsCommand());
    const total = AccountLimit?.ConcurrentExecutions ?? 0;
    return { total, unreserved: AccountLimit?.UnreservedConcurrentExecutions ?? total };
  }

  /** What the function reserves now; 0 when it does not exist. */
  async reservedConcurrency(functionName: string): Promise<number> {
    try {
      const command = new GetFunctionConcurrencyCommand({ FunctionName: functionName });
      return (await this.#functions.send(command)).ReservedConcurrentExecutions ?? 0;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return 0;
      throw error;
    }
  }

  /** The versions of PostgreSQL that the region has for a class. */
  async databaseOffers(databaseClass: string): Promise<readonly DatabaseOffer[]> {
    const offers: DatabaseOffer[] = [];
    const query = { Engine: 'postgres', DBInstanceClass: databaseClass, Vpc: true };
    for await (const page of paginateDescribeOrderableDBInstanceOptions({ client: this.#databases }, query)) {
      for (const {
        EngineVersion: version = '',
        MultiAZCapable: isMultiAz = false,
      } of page.OrderableDBInstanceOptions ?? [])
        offers.push({ version, isMultiAz });
    }
    return offers;
  }

  /** The state of a CloudFormation stack; `undefined` when it does not exist. */
  async stackStatus(stackName: string): Promise<string | undefined> {
    return (await this.findStack(stackName))?.status;
  }

  /** A CloudFormation stack; `undefined` when it does not exist. */
  async findStack(stackName: string): Promise<DeployedStack | undefined> {
    try {
      const { Stacks: [stack] = [] } = await this.#stacks.send(new DescribeStacksCommand({ StackName: stackName }));
      if (stack === undefined) return undefined;
      const { StackStatus: status = '', EnableTerminationProtection: isProtected = false, Parameters = [] } = stack;
      const parameters = Parameters.map(({ ParameterKey: key = '', ParameterValue: value = '' }) => [key, value]);
      return { status, isProtected, parameters: Object.fromEntries(parameters) };
    } catch (error) {
      if (error instanceof Error && error.message.includes('does not exist')) return undefined;
      throw error;
    }
  }

  /** What a CloudFormation stack has created. */
  async resourcesOf(stackName: string): Promise<readonly StackResource[]> {
    const resources: StackResource[] = [];
    for await (const page of paginateListStackResources({ client: this.#stacks }, { StackName: stackName })) {
      for (const { LogicalResourceId, PhysicalResourceId, ResourceType } of page.StackResourceSummaries ?? []) {
        if (LogicalResourceId === undefined || PhysicalResourceId === undefined) continue;
        resources.push({ logicalId: LogicalResourceId, physicalId: PhysicalResourceId, type: ResourceType ?? '' });
      }
    }
    return resources;
  }

  /** Whether the database is protected from deletion; one that does not exist is not. */
  async isDatabaseProtected(identifier: string): Promise<boolean> {
    try {
      const command = new DescribeDBInstancesCommand({ DBInstanceIdentifier: identifier });
      const { DBInstances: [database] = [] } = await this.#databases.send(command);
      return database?.DeletionProtection ?? false;
    } catch (error) {
      if (error instanceof DBInstanceNotFoundFault) return false;
      throw error;
    }
  }

  /** Whether the bucket is missing, accessible, or another account's. */
  async bucketState(bucket: string): Promise<'missing' | 'accessible' | 'forbidden'> {
    try {
      await this.#buckets.send(new HeadBucketCommand({ Bucket: bucket }));
      return 'accessible';
    } catch (error) {
      if (error instanceof NotFound) return 'missing';
      const { $metadata } = error as { readonly $metadata?: { readonly httpStatusCode?: number } };
      if ($metadata?.httpStatusCode === FORBIDDEN) return 'forbidden';
      throw error;
    }
  }

  close(): void {
    for (const client of [this.#stacks, this.#functions, this.#databases, this.#buckets, this.#identity])
      client.destroy();
  }
}
