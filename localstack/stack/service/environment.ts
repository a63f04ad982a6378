import type { Environment, Service } from './serverless-types.ts';

export interface LocalEnvironment {
  /** Set where the service defines a variable of that name. */
  readonly replacements: Readonly<Record<string, string>>;
  /** Set for every function, as the SDK reads them. */
  readonly additions: Readonly<Record<string, string>>;
  /** Taken away: they mean something on AWS only. */
  readonly removals: readonly string[];
  /** What `Ref` of a logical id means here. */
  readonly references: Readonly<Record<string, string>>;
}

/**
 * Points the environment of all functions at the local servers, in place.
 *
 * @returns the names of variables that still refer to something on AWS, as `function.VARIABLE`.
 */
export function overlayEnvironment(service: Service, local: LocalEnvironment): string[] {
  const unresolved: string[] = [];
  const overlay = (owner: string, environment: Environment) => {
    for (const [name, value] of Object.entries(environment)) {
      const replacement = local.replacements[name] ?? resolveReference(value, local.references);
      if (local.removals.includes(name)) delete environment[name];
      else if (replacement !== undefined) environment[name] = replacement;
      else if (typeof value === 'object' && value !== null) unresolved.push(`${owner}.${name}`);
    }
  };
  service.provider.environment ??= {};
  overlay('provider', service.provider.environment);
  Object.assign(service.provider.environment, local.additions);
  for (const key of service.getAllFunctions()) overlay(key, service.getFunction(key).environment ?? {});
  return unresolved;
}

function resolveReference(value: unknown, references: Readonly<Record<string, string>>): string | undefined {
  const logicalId = (value as { Ref?: unknown } | null)?.Ref;
  return typeof logicalId === 'string' ? references[logicalId] : undefined;
}

/** The value that one of the functions has for a variable; functions first, as theirs wins. */
export function findVariable(service: Service, name: string): string | undefined {
  const environments = [
    ...service.getAllFunctions().map((key) => service.getFunction(key).environment),
    service.provider.environment,
  ];
  for (const environment of environments) {
    const value = environment?.[name];
    if (typeof value === 'string') return value;
  }
  return undefined;
}
