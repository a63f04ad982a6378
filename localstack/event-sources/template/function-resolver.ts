import type { AsyncFunction, AsyncSettings } from '../model/async-invocation.ts';
import type { Intrinsics } from './intrinsics.ts';
import { resourcesOfType, type Template } from './template.ts';

const DEFAULT_TIMEOUT_SECONDS = 3;

/** A function of the template. */
export interface TemplateFunction extends AsyncFunction {
  readonly logicalId: string;
}

/** Finds the functions of the template by their name or ARN. */
export class FunctionResolver {
  readonly #byName = new Map<string, TemplateFunction>();

  constructor(template: Template, intrinsics: Intrinsics) {
    for (const [logicalId, resource] of resourcesOfType(template, 'AWS::Lambda::Function')) {
      const properties = intrinsics.resolve(resource.Properties ?? {}) as {
        Timeout?: number;
        ReservedConcurrentExecutions?: number | string;
        DeadLetterConfig?: { TargetArn?: string };
      };
      const { ReservedConcurrentExecutions: reserved } = properties;
      const name = intrinsics.nameOf(logicalId);
      this.#byName.set(name, {
        logicalId,
        name,
        arn: intrinsics.arnOf(logicalId),
        timeoutSeconds: Number(properties.Timeout ?? DEFAULT_TIMEOUT_SECONDS),
        asynchronous: {
          ...asyncSettings(template, intrinsics, name, properties.DeadLetterConfig?.TargetArn),
          ...(reserved !== undefined && { reservedConcurrency: Number(reserved) }),
        },
      });
    }
  }

  get all(): readonly TemplateFunction[] {
    return [...this.#byName.values()];
  }

  /** `target` is a name, an ARN or a partial ARN, with or without a version or alias at its end. */
  find(target: unknown): TemplateFunction | undefined {
    return typeof target === 'string' ? this.#byName.get(functionName(target)) : undefined;
  }
}

function functionName(target: string): string {
  const afterFunction = /(?:^|:)function:([^:]+)/.exec(target)?.[1];
  return afterFunction ?? target.split(':')[0] ?? target;
}

interface InvokeConfig {
  FunctionName?: string;
  MaximumRetryAttempts?: number;
  MaximumEventAgeInSeconds?: number;
  DestinationConfig?: { OnSuccess?: { Destination?: string }; OnFailure?: { Destination?: string } };
}

function asyncSettings(
  template: Template,
  intrinsics: Intrinsics,
  name: string,
  deadLetterTarget: string | undefined,
): AsyncSettings {
  const config = resourcesOfType(template, 'AWS::Lambda::EventInvokeConfig')
    .map(([, resource]) => intrinsics.resolve(resource.Properties ?? {}) as InvokeConfig)
    .find(({ FunctionName }) => FunctionName !== undefined && functionName(FunctionName) === name);
  const onSuccess = config?.DestinationConfig?.OnSuccess?.Destination;
  const onFailure = config?.DestinationConfig?.OnFailure?.Destination;
  return {
    maximumRetryAttempts: config?.MaximumRetryAttempts ?? 2,
    maximumEventAgeSeconds: config?.MaximumEventAgeInSeconds ?? 21_600,
    ...(onSuccess !== undefined && { onSuccess }),
    ...(onFailure !== undefined && { onFailure }),
    ...(deadLetterTarget !== undefined && { deadLetterTarget }),
  };
}
