import type { BucketSettings, Service } from './serverless-types.ts';

export interface BucketResource {
  readonly logicalId: string | undefined;
  readonly name: string;
  readonly versioned: boolean;
}

export interface TableResource {
  readonly logicalId: string;
  readonly name: string;
  /** The properties as CloudFormation has them, which is as the API's CreateTable has them. */
  readonly properties: Readonly<Record<string, unknown>>;
}

/**
 * The buckets that a deployment would make: resources, and what functions' `s3` events name, described under
 * `provider.s3` or not.
 */
export function findBuckets(service: Service): BucketResource[] {
  const buckets: BucketResource[] = resourcesOfType(service, 'AWS::S3::Bucket').map(({ logicalId, properties }) => ({
    logicalId,
    name: textOr(properties['BucketName'], physicalName(service, logicalId)),
    versioned: isEnabled(properties['VersioningConfiguration']),
  }));
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

export function findTables(service: Service): TableResource[] {
  return resourcesOfType(service, 'AWS::DynamoDB::Table').map(({ logicalId, properties }) => ({
    logicalId,
    name: textOr(properties['TableName'], physicalName(service, logicalId)),
    properties,
  }));
}

function resourcesOfType(service: Service, type: string) {
  return Object.entries(service.resources?.Resources ?? {})
    .filter(([, resource]) => resource.Type === type)
    .map(([logicalId, { Properties: properties = {} }]) => ({ logicalId, properties }));
}

/** CloudFormation makes such a name, with a random tail; here it is the same each time, so that data is found again. */
function physicalName(service: Service, logicalId: string): string {
  return `${service.service}-${service.provider.stage}-${logicalId}`.toLowerCase();
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function isEnabled(versioning: unknown): boolean {
  return (versioning as { Status?: unknown } | undefined)?.Status === 'Enabled';
}
