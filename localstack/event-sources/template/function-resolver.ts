import type { AsyncFunction, AsyncSettings } from '../model/async-invocation.ts';
import { parseFunctionReference } from '../model/function-reference.ts';
import { qualifiedName } from '../model/target-function.ts';
import { suggestionFor } from '../suggestion.ts';
import { functionArn } from './function-arn.ts';
import type { Intrinsics } from './intrinsics.ts';
import { InvokeConfigs } from './invoke-configs.ts';
import { ACCEPTED_BY_AWS, type Resource, resourcesOfType, type Template, unlessRefused } from './template.ts';

const DEFAULT_TIMEOUT_SECONDS = 3;
/** Lambda's limit, for a function whose timeout is in another stack. */
const LARGEST_TIMEOUT_SECONDS = 900;

/** Their outputs can be functions. */
const TYPES_OF_NESTED_STACKS = new Set(['AWS::CloudFormation::Stack', 'AWS::Serverless::Application']);

/** A function that an event source of the template invokes. */
export interface TemplateFunction extends AsyncFunction {
  /** Whether it belongs to another stack, so that its settings are not known. */
  readonly isExternal: boolean;
}

/** Throws the error of the property that names a function. */
type Fail = (message: string, aws: string) => never;

/** What the template sets for a function, which applies to all its versions and aliases. */
interface FunctionSettings {
  readonly arn: string;
  readonly timeoutSeconds: number;
  readonly asynchronous: Pick<AsyncSettings, 'deadLetterTarget' | 'reservedConcurrency'>;
}

/** Finds the functions of the template, and those of other stacks that its event sources name, by name or ARN. */
export class FunctionResolver {
  readonly #intrinsics: Intrinsics;
  readonly #template: Template;
  /** Logical ids by name. Several can have the same name when their conditions exclude each other. */
  readonly #logicalIds = new Map<string, string[]>();
  /** By logical id, of the functions that were found. */
  readonly #settings = new Map<string, FunctionSettings>();
  readonly #invokeConfigs: InvokeConfigs;
  readonly #external = new Map<string, TemplateFunction>();

  constructor(template: Template, intrinsics: Intrinsics) {
    this.#template = template;
    this.#intrinsics = intrinsics;
    for (const [logicalId] of resourcesOfType(template, 'AWS::Lambda::Function')) {
      // A name that cannot be read is refused once an event source refers to the function.
      const name = unlessRefused(() => intrinsics.references.nameOf(logicalId));
      if (name !== undefined) this.#logicalIds.set(name, [...(this.#logicalIds.get(name) ?? []), logicalId]);
    }
    this.#invokeConfigs = new InvokeConfigs(template, intrinsics);
  }

  /**
   * A function of the template, or one of another stack that an event source was read with. `target` is a name, an ARN
   * or a partial ARN, with or without a version or alias at its end.
   */
  find(target: string): TemplateFunction | undefined {
    const reference = parseFunctionReference(target);
    if (reference === undefined) return undefined;
    const qualified = qualifiedName(reference);
    const logicalId = this.#createdId(reference.name);
    if (logicalId === undefined) return this.#external.get(qualified);
    const { arn, timeoutSeconds, asynchronous } = this.#settingsOf(logicalId);
    return {
      ...reference,
      arn,
      timeoutSeconds,
      asynchronous: { ...this.#invokeConfigs.settingsOf(qualified), ...asynchronous },
      isExternal: false,
    };
  }

  /** The function that an event source names. One that the template does not have is invoked by its name. */
  target(value: unknown, fail: Fail): TemplateFunction {
    const text = String(value);
    // The value of an import can be a whole ARN within another one.
    const last = text.slice(Math.max(0, text.lastIndexOf('arn:')));
    this.#rejectUnknown(text, fail);
    const reference = parseFunctionReference(last);
    if (reference === undefined) {
      const expected = 'expected the name or the ARN of a function';
      return fail(`${expected}, got ${JSON.stringify(value)}`, 'ValidationException, failed to satisfy constraint');
    }
    const isCreated = this.#createdId(reference.name) !== undefined;
    const notCreated = this.#logicalIds.get(reference.name)?.at(-1);
    if (notCreated !== undefined && !isCreated) {
      fail(
        `${notCreated} is not created, because its Condition does not hold: add the condition here, or change it`,
        `Template format error: Unresolved resource dependencies [${notCreated}] in the Resources block of the template`,
      );
    }
    const qualified = qualifiedName(reference);
    if (!isCreated && !this.#external.has(qualified)) {
      this.#external.set(qualified, {
        ...reference,
        arn: functionArn(
          this.#intrinsics.pseudoParameters,
          last.startsWith('arn:') ? withoutQualifier(last) : reference.name,
        ),
        timeoutSeconds: LARGEST_TIMEOUT_SECONDS,
        asynchronous: this.#invokeConfigs.settingsOf(qualified),
        isExternal: true,
      });
    }
    return this.find(last) as TemplateFunction;
  }

  /** Whether the value may be a function of another stack, but is known to AWS only. */
  mayBeFunction(value: string): boolean {
    const unknown = this.#intrinsics.references.unknownIn(value);
    if (unknown?.kind !== 'reference') return unknown !== undefined;
    const type = this.#template.Resources[unknown.key.split('.')[0] ?? '']?.Type ?? '';
    return TYPES_OF_NESTED_STACKS.has(type);
  }

  /** Functions of other stacks that event sources invoke. */
  get external(): readonly TemplateFunction[] {
    return [...this.#external.values()];
  }

  #rejectUnknown(text: string, fail: Fail): void {
    const unknown = this.#intrinsics.references.unknownIn(text);
    if (unknown === undefined) return;
    const { kind, key } = unknown;
    const option = `name the function with functionNames: {${JSON.stringify(key)}: NAME} in custom.eventSources, or --function ${key}=NAME`;
    if (kind === 'import') fail(`only AWS knows the import ${key}: ${option}`, ACCEPTED_BY_AWS);
    const [logicalId = ''] = key.split('.');
    if (Object.hasOwn(this.#template.Resources, logicalId)) fail(`only AWS knows ${key}: ${option}`, ACCEPTED_BY_AWS);
    fail(
      `${logicalId} is not in the template: correct it (${suggestionFor(logicalId, Object.keys(this.#template.Resources))}), or ${option}`,
      `Template format error: Unresolved resource dependencies [${logicalId}] in the Resources block of the template`,
    );
  }

  /** Conditions are evaluated only once an event source names the function, as its settings are. */
  #createdId(name: string): string | undefined {
    return this.#logicalIds
      .get(name)
      ?.findLast((logicalId) => this.#intrinsics.isCreated(this.#template.Resources[logicalId] as Resource));
  }

  /** Read only once an event source names the function, because others may use parameters without values. */
  #settingsOf(logicalId: string): FunctionSettings {
    const known = this.#settings.get(logicalId);
    if (known !== undefined) return known;
    const settings = functionSettings(logicalId, this.#template, this.#intrinsics);
    this.#settings.set(logicalId, settings);
    return settings;
  }
}

function withoutQualifier(arn: string): string {
  return arn.split(':').slice(0, 7).join(':');
}

function functionSettings(logicalId: string, template: Template, intrinsics: Intrinsics): FunctionSettings {
  const resource = template.Resources[logicalId] as Resource;
  const names = ['Timeout', 'ReservedConcurrentExecutions', 'DeadLetterConfig'];
  const { Timeout, ReservedConcurrentExecutions, DeadLetterConfig } = intrinsics.properties(logicalId, resource, names);
  const { TargetArn } = (DeadLetterConfig ?? {}) as { TargetArn?: string };
  return {
    arn: intrinsics.references.arnOf(logicalId),
    timeoutSeconds: Number(Timeout ?? DEFAULT_TIMEOUT_SECONDS),
    asynchronous: {
      ...(TargetArn !== undefined && { deadLetterTarget: TargetArn }),
      ...(ReservedConcurrentExecutions !== undefined && { reservedConcurrency: Number(ReservedConcurrentExecutions) }),
    },
  };
}
