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

/** The part of a template that the emulator uses, validated. */
export interface TemplateModel {
  readonly functions: FunctionResolver;
  readonly mappings: readonly KafkaMapping[];
  readonly notifications: readonly BucketNotification[];
  readonly schedules: readonly Schedule[];
  /** Logical ids of event source mappings for other services, which are not emulated. */
  readonly unsupportedMappings: readonly string[];
  readonly pseudoParameters: PseudoParameters;
}

/** @throws {TemplateError} for a property that AWS would reject, or that is not emulated. */
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
