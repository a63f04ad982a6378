import type { BucketNotification } from '../model/bucket-notification.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import type { Schedule } from '../model/schedule.ts';
import { readBucketNotifications } from './bucket-notifications.ts';
import { FunctionResolver } from './function-resolver.ts';
import { Intrinsics } from './intrinsics.ts';
import { type KafkaMappingOptions, readKafkaMappings } from './kafka-mapping/kafka-mappings.ts';
import { defaultPseudoParameters, type PseudoParameters } from './pseudo-parameters.ts';
import { readSchedules } from './schedules.ts';
import type { Template } from './template.ts';

/** Everything of a template that the emulator works with. */
export interface TemplateModel {
  readonly functions: FunctionResolver;
  readonly mappings: readonly KafkaMapping[];
  readonly notifications: readonly BucketNotification[];
  readonly schedules: readonly Schedule[];
  /** Logical ids of mappings of other services, which are not emulated. */
  readonly unsupportedMappings: readonly string[];
  readonly pseudoParameters: PseudoParameters;
}

/** Throws a TemplateError for whatever AWS would refuse. */
export function readTemplate(
  whole: Template,
  pseudoParameters: Partial<PseudoParameters>,
  options: KafkaMappingOptions,
): TemplateModel {
  const intrinsics = new Intrinsics(whole, { ...defaultPseudoParameters, ...pseudoParameters });
  const template = intrinsics.withConditions();
  const functions = new FunctionResolver(template, intrinsics);
  const { kafka, others } = readKafkaMappings(template, intrinsics, functions, options);
  return {
    functions,
    mappings: kafka,
    notifications: readBucketNotifications(template, intrinsics, functions),
    schedules: readSchedules(template, intrinsics, functions),
    unsupportedMappings: others,
    pseudoParameters: intrinsics.pseudoParameters,
  };
}
