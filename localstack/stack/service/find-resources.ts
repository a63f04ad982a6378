import type { BucketSettings, Resource, Service } from './serverless-types.ts';

export interface BucketResource {
  /** Undefined for buckets that only an event or `provider.s3` defines. */
  readonly logicalId: string | undefined;
  readonly name: string;
  readonly versioned: boolean;
}

export interface TableResource {
  readonly logicalId: string;
  readonly name: string;
  /** CloudFormation's properties, most of which are the parameters of CreateTable. */
  readonly properties: Readonly<Record<string, unknown>>;
}

type Resources = Readonly<Record<string, Resource>>;

/**
 * The buckets that a deployment creates: from the resources, from `provider.s3`, and from the functions' `s3` events.
 *
 * @param others the resources of other stacks.
 */
export function findBuckets(service: Service, others: Resources = {}): BucketResource[] {
  const buckets: BucketResource[] = resourcesOfType(service, others, 'AWS::S3::Bucket').map(
    ({ logicalId, properties }) => ({
      logicalId,
      name: stringOr(properties['BucketName'], physicalName(service, logicalId)),
      versioned: isEnabled(properties['VersioningConfiguration']),
    }),
  );
  const add = (reference: string) => {
    const settings: BucketSettings = service.provider.s3?.[reference] ?? {};
    const name = settings.name ?? reference;
    if (buckets.some((bucket) => bucket.name === name)) return;
    buckets.push({ logicalId: undefined, name, versioned: isEnabled(settings.versioningConfiguration) });
  };
  for (const reference of Object.keys(service.provider.s3 ?? {})) add(reference);
  for (const key of service.getAllFunctions()) {
    for (const event of service.getFunction(key).events ?? []) {
      const s3 = event['s3'] as string | { bucket?: unknown; existing?: boolean } | undefined;
      if (typeof s3 === 'string') add(s3);
      else if (typeof s3?.bucket === 'string' && !s3.existing) add(s3.bucket);
    }
  }
  return buckets;
}

/** @param others the resources of other stacks. */
export function findTables(service: Service, others: Resources = {}): TableResource[] {
  return resourcesOfType(service, others, 'AWS::DynamoDB::Table').map(({ logicalId, properties }) => ({
    logicalId,
    name: stringOr(properties['TableName'], physicalName(service, logicalId)),
    properties,
  }));
}

function resourcesOfType(service: Service, others: Resources, type: string) {
  return Object.entries({ ...service.resources?.Resources, ...others })
    .filter(([, resource]) => resource.Type === type)
    .map(([logicalId, { Properties: properties = {} }]) => ({ logicalId, properties }));
}

/** Like the names that CloudFormation generates, but without a random suffix, so that each start finds the same data. */
function physicalName(service: Service, logicalId: string): string {
  return `${service.service}-${service.provider.stage}-${logicalId}`.toLowerCase();
}

function stringOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function isEnabled(versioning: unknown): boolean {
  return (versioning as { Status?: unknown } | undefined)?.Status === 'Enabled';
}
