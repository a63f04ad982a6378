import type { AsyncSettings } from '../model/async-invocation.ts';
import { parseFunctionReference } from '../model/function-reference.ts';
import { qualifiedName } from '../model/target-function.ts';
import type { Intrinsics } from './intrinsics.ts';
import { type Resource, resourcesOfType, type Template, unlessRefused } from './template.ts';

/** What an `AWS::Lambda::EventInvokeConfig` sets for one version or alias. */
type InvokeSettings = Omit<AsyncSettings, 'deadLetterTarget' | 'reservedConcurrency'>;

/**
 * The template's `AWS::Lambda::EventInvokeConfig`s. They are read only for functions that event sources invoke, because
 * others may use parameters without values.
 */
export class InvokeConfigs {
  readonly #template: Template;
  readonly #intrinsics: Intrinsics;
  /** By the qualified name of the function. */
  readonly #settings = new Map<string, InvokeSettings>();

  constructor(template: Template, intrinsics: Intrinsics) {
    this.#template = template;
    this.#intrinsics = intrinsics;
  }

  settingsOf(qualified: string): InvokeSettings {
    const known = this.#settings.get(qualified);
    if (known !== undefined) return known;
    const found = resourcesOfType(this.#template, 'AWS::Lambda::EventInvokeConfig').find(
      ([id, resource]) =>
        unlessRefused(() => this.#targetOf(id, resource)) === qualified && this.#intrinsics.isCreated(resource),
    );
    const settings = this.#read(found);
    this.#settings.set(qualified, settings);
    return settings;
  }

  #targetOf(id: string, resource: Resource): string | undefined {
    const { FunctionName, Qualifier } = this.#intrinsics.properties(id, resource, ['FunctionName', 'Qualifier']);
    const reference = parseFunctionReference(String(FunctionName));
    if (reference === undefined) return undefined;
    // The qualifier is a property of its own.
    const qualified = `${reference.name}:${String(Qualifier ?? '$LATEST')}`;
    return qualifiedName(parseFunctionReference(qualified) ?? { name: reference.name });
  }

  #read(found: [string, Resource] | undefined): InvokeSettings {
    const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } =
      found === undefined ? {} : this.#intrinsics.properties(...found);
    const { OnSuccess, OnFailure } = (DestinationConfig ?? {}) as Record<string, { Destination?: string } | undefined>;
    return {
      maximumRetryAttempts: Number(MaximumRetryAttempts ?? 2),
      maximumEventAgeSeconds: Number(MaximumEventAgeInSeconds ?? 21_600),
      ...(OnSuccess?.Destination !== undefined && { onSuccess: OnSuccess.Destination }),
      ...(OnFailure?.Destination !== undefined && { onFailure: OnFailure.Destination }),
    };
  }
}
