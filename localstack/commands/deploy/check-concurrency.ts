import { numberOf, type Place, resourcesOf, type Template, textOf, type Value } from './template.ts';

/** The part of Lambda's account settings that matters here. */
export interface ConcurrencyQuota {
  readonly total: number;
  /** What no function of the account has reserved. */
  readonly unreserved: number;
}

export interface ReservedFunction {
  readonly name: string;
  readonly reserved: number;
}

/** Lambda keeps so many for functions without a reservation, or all of a quota that is smaller. */
const MIN_UNRESERVED = 100;
const QUOTA_CODE = 'L-B99A9384';

/** The functions that reserve a part of the account's concurrency. */
export function reservedFunctions(template: Template, place: Place): readonly ReservedFunction[] {
  return resourcesOf(template, 'AWS::Lambda::Function', place).flatMap(({ Properties = {} }) => {
    const reserved = numberOf(Properties['ReservedConcurrentExecutions'], template, place);
    const name = textOf(Properties['FunctionName'], template, place);
    return name === undefined || Number.isNaN(reserved) ? [] : [{ name, reserved }];
  });
}

/** Instances that are always ready, of functions without a reservation, which would include them. */
function provisionedConcurrency(template: Template, place: Place): number {
  const reserved = new Set(reservedFunctions(template, place).map(({ name }) => name));
  return ['AWS::Lambda::Alias', 'AWS::Lambda::Version']
    .flatMap((type) => resourcesOf(template, type, place))
    .map(({ Properties = {} }) => {
      const { Ref: id } = (Properties['FunctionName'] ?? {}) as { readonly Ref?: string };
      const name = textOf(template.Resources[id ?? '']?.Properties?.['FunctionName'], template, place);
      if (name !== undefined && reserved.has(name)) return 0;
      const { ProvisionedConcurrentExecutions: count } = (Properties['ProvisionedConcurrencyConfig'] ?? {}) as {
        readonly ProvisionedConcurrentExecutions?: Value;
      };
      return numberOf(count, template, place) || 0;
    })
    .reduce((sum, count) => sum + count, 0);
}

/**
 * Whether the account's quota has room for the concurrency that the functions reserve and keep ready.
 *
 * @param current what the functions of this stage have reserved already
 */
export function checkConcurrency(
  template: Template,
  place: Place,
  { total, unreserved }: ConcurrencyQuota,
  current: number,
): readonly string[] {
  const reserved = reservedFunctions(template, place).reduce((sum, each) => sum + each.reserved, 0);
  const ready = provisionedConcurrency(template, place);
  const available = unreserved + current - Math.min(MIN_UNRESERVED, total);
  if (reserved + ready <= available) return [];
  const others = total - unreserved - current;
  const needed = others + reserved + ready + MIN_UNRESERVED;
  return [
    `The functions reserve ${reserved} concurrent executions and keep ${ready} ready, but only ${Math.max(0, available)} are available: Lambda's quota of the account in ${place.region} is ${total}, other functions reserve ${others}, and ${Math.min(MIN_UNRESERVED, total)} must stay unreserved. Ask for a quota of at least ${needed}, which AWS grants within days: aws service-quotas request-service-quota-increase --region ${place.region} --service-code lambda --quota-code ${QUOTA_CODE} --desired-value ${Math.max(1_000, needed)}`,
  ];
}
