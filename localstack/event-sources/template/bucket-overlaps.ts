import { eventsOverlap } from './bucket-events.ts';
import type { TemplateFunction } from './function-resolver.ts';
import { TemplateError } from './template.ts';

/** Which events of a bucket go to which target. */
export interface BucketRule {
  readonly resource: string;
  readonly property: string;
  readonly bucket: string;
  /** A function, or the ARN of a queue or topic. */
  readonly target: TemplateFunction | string;
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
}

const SAME_EVENT = 'Configurations overlap. Configurations on the same bucket cannot share a common event type.';
const SAME_EVENT_AND_KEY =
  'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.';

/**
 * S3 sends an event of a bucket to one target only, so it refuses two configurations that one event could match:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html (invalid overlapping).
 */
export function rejectOverlaps(rules: readonly BucketRule[]): void {
  for (const [index, rule] of rules.entries()) {
    for (const earlier of rules.slice(0, index)) {
      if (earlier.bucket === rule.bucket) rejectOverlap(rule, earlier);
    }
  }
}

function rejectOverlap(rule: BucketRule, earlier: BucketRule): void {
  const event = rule.events.find((one) => earlier.events.some((other) => eventsOverlap(one, other)));
  if (event === undefined || !prefixesOverlap(rule.prefix, earlier.prefix)) return;
  if (!suffixesOverlap(rule.suffix, earlier.suffix)) return;
  const hasFilters = [rule, earlier].some(({ prefix, suffix }) => prefix !== '' || suffix !== '');
  throw new TemplateError(
    rule.resource,
    `${rule.property}.${hasFilters ? 'Filter' : 'Event'}`,
    `expected that no event of bucket ${rule.bucket} matches two configurations, found ${described(rule)} and ${described(earlier)}: change the events, a prefix or a suffix of one of them`,
    `InvalidArgument, ${hasFilters ? SAME_EVENT_AND_KEY : SAME_EVENT}`,
  );
}

/** Whether a key can begin with both. */
function prefixesOverlap(one: string, other: string): boolean {
  return one.startsWith(other) || other.startsWith(one);
}

/** Whether a key can end with both. */
function suffixesOverlap(one: string, other: string): boolean {
  return one.endsWith(other) || other.endsWith(one);
}

function described({ target, events, prefix, suffix, resource, property }: BucketRule): string {
  const affixes = [prefix === '' ? [] : `prefix ${prefix}`, suffix === '' ? [] : `suffix ${suffix}`].flat();
  const keys = affixes.length === 0 ? 'all keys' : affixes.join(' and ');
  const name = typeof target === 'string' ? target : `function ${target.name}`;
  return `${name} (${resource}.${property}: ${events.join(', ')} of ${keys})`;
}
