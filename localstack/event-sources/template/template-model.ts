import type { BucketNotification } from '../model/bucket-notification.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import type { Schedule } from '../model/schedule.ts';
import { readBucketNotifications } from './bucket-notifications.ts';
import { FunctionNames, type FunctionNameValues } from './function-names.ts';
import { FunctionResolver } from './function-resolver.ts';
import { Intrinsics } from './intrinsics.ts';
import { type KafkaMappingOptions, readKafkaMappings } from './kafka-mapping/kafka-mappings.ts';
import { expandLoops } from './loops.ts';
import { Parameters, type ParameterValues } from './parameters.ts';
import { completePseudoParameters, type PseudoParameters } from './pseudo-parameters.ts';
import { type NotEmulated, translateSam } from './sam/translate-sam.ts';
import { readSchedules } from './schedules.ts';
import { type Resource, type Template, TemplateError } from './template.ts';

/** The part of a template that the emulator uses, validated. */
export interface TemplateModel {
  readonly functions: FunctionResolver;
  readonly mappings: readonly KafkaMapping[];
  readonly notifications: readonly BucketNotification[];
  readonly schedules: readonly Schedule[];
  /** Logical ids of event source mappings for other services, which are not emulated. */
  readonly unsupportedMappings: readonly string[];
  /** SAM's events and applications that are not emulated. */
  readonly notEmulated: readonly NotEmulated[];
  readonly pseudoParameters: PseudoParameters;
}

/** What a template is read with. */
export interface TemplateOptions extends KafkaMappingOptions {
  readonly parameters?: ParameterValues;
  readonly functionNames?: FunctionNameValues;
}

/** @throws {TemplateError} for what AWS would reject, and for what is not emulated. */
export function readTemplate(
  source: Template,
  given: Partial<PseudoParameters>,
  options: TemplateOptions,
): TemplateModel {
  const pseudoParameters = completePseudoParameters(given);
  const inputs = {
    parameters: new Parameters(source.Parameters ?? {}, options.parameters ?? {}),
    functionNames: new FunctionNames(options.functionNames ?? {}),
  };
  rejectMalformedResources(source);
  const ofSource = new Intrinsics(source, pseudoParameters, inputs);
  const expanded = expandLoops(source, (value, place) => ofSource.resolve(value, place));
  const { template: whole, notEmulated } = translateSam(expanded, new Intrinsics(expanded, pseudoParameters, inputs));
  const intrinsics = new Intrinsics(whole, pseudoParameters, inputs);
  // Conditions of other resources are not evaluated, because they may use parameters without values.
  const sources = Object.entries(whole.Resources).filter(([, resource]) => mayHaveEventSources(resource));
  const created = sources.filter(([, resource]) => intrinsics.isCreated(resource));
  const template = { ...whole, Resources: Object.fromEntries(created) };
  const functions = new FunctionResolver(whole, intrinsics);
  const { kafka, others } = readKafkaMappings(template, intrinsics, functions, options);
  const model = {
    functions,
    mappings: kafka,
    notifications: readBucketNotifications(template, intrinsics, functions),
    schedules: readSchedules(template, intrinsics, functions),
    unsupportedMappings: others,
    notEmulated,
    pseudoParameters,
  };
  inputs.functionNames.rejectUnused(Object.keys(whole.Resources));
  return model;
}

function mayHaveEventSources({ Type, Properties }: Resource): boolean {
  if (Type === 'AWS::S3::Bucket') return Properties?.['NotificationConfiguration'] !== undefined;
  if (Type === 'AWS::Events::Rule') return Properties?.['ScheduleExpression'] !== undefined;
  return ['AWS::Lambda::EventSourceMapping', 'Custom::S3', 'AWS::Scheduler::Schedule'].includes(Type);
}

function rejectMalformedResources({ Resources }: Template): void {
  for (const [id, resource] of Object.entries(Resources)) {
    // A loop is a list, and is expanded later.
    if (id.startsWith('Fn::') || typeof (resource as Resource | null)?.Type === 'string') continue;
    const aws = 'Template format error: Every Resources object must contain a Type member';
    throw new TemplateError(id, 'Type', `expected a resource with a Type, got ${JSON.stringify(resource)}`, aws);
  }
}
