import type { BucketNotification } from '../model/bucket-notification.ts';
import { type BucketConfiguration, bucketConfigurations } from './bucket-configurations.ts';
import { bucketEvents } from './bucket-events.ts';
import { type BucketRule, rejectOverlaps } from './bucket-overlaps.ts';
import type { FunctionResolver } from './function-resolver.ts';
import type { Intrinsics } from './intrinsics.ts';
import { stableUuid } from './stable-uuid.ts';
import { type Template, TemplateError } from './template.ts';

const MAX_RULE_BYTES = 1_024;

/**
 * The notifications of all buckets that invoke a function.
 *
 * @throws {TemplateError} for a configuration that S3 refuses.
 */
export function readBucketNotifications(
  template: Template,
  intrinsics: Intrinsics,
  functions: FunctionResolver,
): BucketNotification[] {
  const configurations = bucketConfigurations(template, intrinsics).map((configuration) => ({
    configuration,
    rule: readRule(configuration, functions),
  }));
  rejectOverlaps(configurations.map(({ rule }) => rule));
  const { partition } = intrinsics.pseudoParameters;
  return configurations.flatMap(({ configuration: { configurationId, identity }, rule }): BucketNotification[] => {
    const { resource, bucket, target, events, prefix, suffix } = rule;
    if (typeof target === 'string') return [];
    return [
      {
        id: resource,
        bucket,
        bucketArn: `arn:${partition}:s3:::${bucket}`,
        configurationId: configurationId ?? stableUuid(identity),
        function: target,
        events,
        prefix,
        suffix,
      },
    ];
  });
}

function readRule(configuration: BucketConfiguration, functions: FunctionResolver): BucketRule {
  const { resource, property, bucket, events } = configuration;
  const target = readTarget(configuration, functions);
  if (events.length === 0) {
    throw new TemplateError(resource, `${property}.Event`, 'is required', 'required key [Event] not found');
  }
  const unknown = events.find((event) => !bucketEvents.has(event));
  if (unknown !== undefined) {
    const expected = 'expected an event of S3 like s3:ObjectCreated:*';
    refuse(configuration, 'Event', `${expected}, found ${unknown}`, 'The event is not supported for notifications');
  }
  const [prefix, suffix] = readAffixes(configuration);
  return { resource, property, bucket, target, events, prefix, suffix };
}

/** A function, or the ARN of a queue or topic. */
function readTarget({ resource, property, kind, target }: BucketConfiguration, functions: FunctionResolver) {
  if (kind !== 'function') return String(target);
  return functions.target(target, (message, aws) => {
    throw new TemplateError(resource, `${property}.Function`, message, aws);
  });
}

function readAffixes(configuration: BucketConfiguration): [prefix: string, suffix: string] {
  const values: { prefix?: string; suffix?: string } = {};
  for (const { Name, Value = '' } of configuration.rules) {
    const name = Name?.toLowerCase();
    if (name !== 'prefix' && name !== 'suffix') {
      const expected = 'expected the name of a rule to be prefix or suffix';
      refuse(configuration, 'Filter', `${expected}, found ${Name}`, 'filter rule name must be either prefix or suffix');
    }
    if (values[name] !== undefined) {
      const found = `expected at most one ${name} rule, found ${values[name]} and ${Value}: keep one`;
      refuse(configuration, 'Filter', found, `Cannot specify more than one ${name} rule in a filter.`);
    }
    const bytes = Buffer.byteLength(Value);
    if (bytes > MAX_RULE_BYTES) {
      const found = `expected a ${name} of at most ${MAX_RULE_BYTES} bytes, found ${bytes}`;
      refuse(
        configuration,
        'Filter',
        found,
        'Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation',
      );
    }
    values[name] = Value;
  }
  return [values.prefix ?? '', values.suffix ?? ''];
}

function refuse({ resource, property }: BucketConfiguration, name: string, message: string, aws: string): never {
  throw new TemplateError(resource, `${property}.${name}`, message, `InvalidArgument, ${aws}`);
}
