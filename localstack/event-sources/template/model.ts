import type { KafkaMapping } from '../model/kafka-mapping.ts';
import type { BucketNotification } from '../s3/notification.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { readBucketNotifications } from './bucket-notifications.ts';
import { Functions } from './functions.ts';
import { defaultPseudo, Intrinsics, type Pseudo } from './intrinsics.ts';
import { type KafkaMappingOptions, readKafkaMappings } from './kafka-mappings.ts';
import { readSchedules } from './schedules.ts';
import type { Template } from './template.ts';

/** Everything of a template that the emulator works with. */
export interface Model {
  readonly functions: Functions;
  readonly mappings: readonly KafkaMapping[];
  readonly notifications: readonly BucketNotification[];
  readonly schedules: readonly Schedule[];
  /** Logical ids of mappings of other services, which are not emulated. */
  readonly unsupportedMappings: readonly string[];
  readonly pseudo: Pseudo;
}

/** Throws a TemplateError for whatever AWS would refuse. */
export function readTemplate(whole: Template, pseudo: Partial<Pseudo>, options: KafkaMappingOptions): Model {
  const intrinsics = new Intrinsics(whole, { ...defaultPseudo, ...pseudo });
  const template = intrinsics.withConditions();
  const functions = new Functions(template, intrinsics);
  const { kafka, others } = readKafkaMappings(template, intrinsics, functions, options);
  return {
    functions,
    mappings: kafka,
    notifications: readBucketNotifications(template, intrinsics, functions),
    schedules: readSchedules(template, intrinsics, functions),
    unsupportedMappings: others,
    pseudo: intrinsics.pseudo,
  };
}
