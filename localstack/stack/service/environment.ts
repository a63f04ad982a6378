import { devNull } from 'node:os';
import type { StackEndpoints } from '../endpoints.ts';
import type { Environment, Service } from './serverless-types.ts';
import type { LocalStackSettings } from './settings.ts';

export interface LocalEnvironment {
  /** For variables that a function or the provider defines; null removes the variable. */
  readonly replacements: Readonly<Record<string, string | null>>;
  /** For all functions. */
  readonly additions: Readonly<Record<string, string>>;
  /** The value of `Ref` for each logical id. */
  readonly references: Readonly<Record<string, string>>;
}

/** @throws when a setting names an endpoint that does not exist. */
export function localEnvironment(
  endpoints: StackEndpoints,
  settings: LocalStackSettings['environment'],
  resources: readonly { logicalId: string | undefined; name: string }[],
): LocalEnvironment {
  const replacements = Object.entries(settings.replace).map(([name, value]) => [
    name,
    typeof value === 'object' && value !== null ? endpointValue(endpoints, value.endpoint) : value,
  ]);
  const named = resources.filter(({ logicalId }) => logicalId !== undefined);
  return {
    replacements: Object.fromEntries(replacements),
    additions: { ...settings.add, ...sdkEnvironment(endpoints) },
    references: Object.fromEntries(named.map(({ logicalId, name }) => [logicalId, name])),
  };
}

/** The variables that make the AWS SDK use the local servers. */
export function sdkEnvironment({ s3, dynamodb, lambda }: StackEndpoints): Record<string, string> {
  return {
    AWS_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
    AWS_ENDPOINT_URL_LAMBDA: lambda.endpoint,
    // A profile of the user could redirect the SDK, for instance with endpoint_url or use_fips_endpoint.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}

/** A field of the endpoints by its path, such as `s3.endpoint`. Lists become comma-separated. */
function endpointValue(endpoints: StackEndpoints, path: string): string {
  const value = path
    .split('.')
    .reduce<unknown>((parent, field) => (parent as Record<string, unknown> | undefined)?.[field], endpoints);
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.join(',');
  throw new Error(
    `custom.localStack.environment: expected a field of endpoints.json, such as kafka.brokers, but found "${path}".`,
  );
}

/**
 * Changes the environment of all functions to that of the local stack, in place.
 *
 * @returns the variables that still refer to something on AWS, as `FUNCTION.VARIABLE`.
 */
export function applyEnvironment(service: Service, local: LocalEnvironment): string[] {
  const unresolved: string[] = [];
  const apply = (owner: string, environment: Environment) => {
    for (const [name, value] of Object.entries(environment)) {
      const localValue = name in local.replacements ? local.replacements[name] : resolveReference(value, local);
      if (localValue === null) delete environment[name];
      else if (localValue !== undefined) environment[name] = localValue;
      else if (typeof value === 'object' && value !== null) unresolved.push(`${owner}.${name}`);
    }
  };
  service.provider.environment ??= {};
  apply('provider', service.provider.environment);
  Object.assign(service.provider.environment, local.additions);
  for (const key of service.getAllFunctions()) apply(key, service.getFunction(key).environment ?? {});
  return unresolved;
}

function resolveReference(value: unknown, { references }: LocalEnvironment): string | undefined {
  const logicalId = (value as { Ref?: unknown } | null)?.Ref;
  return typeof logicalId === 'string' ? references[logicalId] : undefined;
}
