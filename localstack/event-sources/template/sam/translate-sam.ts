import { suggestionFor } from '../../suggestion.ts';
import type { Intrinsics } from '../intrinsics.ts';
import { type Resource, resourcesOfType, type Template } from '../template.ts';
import { translateBucketEvent, withNotifications } from './bucket-events.ts';
import { translateFunction } from './functions.ts';
import { readGlobals, withGlobals } from './globals.ts';
import { translateMskEvent, translateSelfManagedKafkaEvent } from './kafka-events.ts';
import { otherEventTypes, otherResourceTypes } from './property-names.ts';
import { objectOf, samError } from './sam-error.ts';
import { SamEvent, type TranslatedEvent } from './sam-event.ts';
import { translateScheduleEvent, translateScheduleV2Event } from './schedule-events.ts';

const TRANSFORM = 'AWS::Serverless-2016-10-31';
const FUNCTION = 'AWS::Serverless::Function';
const APPLICATION = 'AWS::Serverless::Application';

/** An event of a SAM function, or a nested application. */
export interface NotEmulated {
  /** Logical id. */
  readonly resource: string;
  readonly event?: string;
  readonly type: string;
}

export interface TranslatedTemplate {
  /** With the resources of CloudFormation that SAM makes of its functions and their events. */
  readonly template: Template;
  /** Events of services that are not emulated, and applications that are templates of their own. */
  readonly notEmulated: readonly NotEmulated[];
}

type EventTranslator = (event: SamEvent, template: Template, intrinsics: Intrinsics) => TranslatedEvent;

const translators: Readonly<Record<string, EventTranslator>> = {
  MSK: translateMskEvent,
  SelfManagedKafka: translateSelfManagedKafkaEvent,
  S3: translateBucketEvent,
  Schedule: (event, _template, intrinsics) => translateScheduleEvent(event, (...value) => intrinsics.resolve(...value)),
  ScheduleV2: translateScheduleV2Event,
};

/**
 * Translates what SAM adds to CloudFormation, as far as event sources need it. `intrinsics` evaluate what SAM itself
 * evaluates: parameters and conditions.
 *
 * @throws {TemplateError} for what SAM rejects, and for what is not known here.
 */
export function translateSam(template: Template, intrinsics: Intrinsics): TranslatedTemplate {
  rejectUnknownResources(template);
  if (!usesSam(template)) return { template, notEmulated: [] };
  const globals = readGlobals(template);
  const resources: Record<string, Resource> = { ...template.Resources };
  const references: Record<string, string> = {};
  const notEmulated: NotEmulated[] = resourcesOfType(template, APPLICATION).map(([resource]) => ({
    resource,
    type: APPLICATION,
  }));
  for (const [id, resource] of resourcesOfType(template, FUNCTION)) {
    const properties = withGlobals(id, resource, globals);
    const translated = translateFunction(id, resource, properties, (...value) => intrinsics.resolve(...value));
    Object.assign(resources, translated.resources);
    Object.assign(references, translated.references);
    const events = objectOf(id, 'Events', properties['Events']);
    for (const [eventId, definition] of Object.entries(events)) {
      const { Type, Properties } = objectOf(id, `Events.${eventId}`, definition);
      const type = String(Type);
      if (otherEventTypes.has(type)) {
        notEmulated.push({ resource: id, event: eventId, type });
        continue;
      }
      const translate = translators[type] ?? rejectEventType(id, eventId, Type);
      const { target, targetArn } = translated;
      const event = new SamEvent({
        functionId: id,
        eventId,
        type,
        properties: objectOf(id, `Events.${eventId}.Properties`, Properties),
        target,
        targetArn,
        condition: resource.Condition,
      });
      const { resources: added = {}, notifications } = translate(event, template, intrinsics);
      Object.assign(resources, added);
      if (notifications === undefined) continue;
      const bucket = resources[notifications.bucket] as Resource;
      resources[notifications.bucket] = withNotifications(bucket, notifications.configurations);
    }
  }
  return { template: { ...template, Resources: resources, References: references }, notEmulated };
}

function usesSam({ Transform }: Template): boolean {
  return (Array.isArray(Transform) ? Transform : [Transform]).includes(TRANSFORM);
}

function rejectUnknownResources(template: Template): void {
  const isSam = usesSam(template);
  for (const [id, { Type }] of Object.entries(template.Resources)) {
    if (typeof Type !== 'string' || !Type.startsWith('AWS::Serverless::')) continue;
    const aws = `Template format error: Unrecognized resource types: [${Type}]`;
    if (!isSam) throw samError(id, 'Type', `${Type} needs the line Transform: ${TRANSFORM}: add it`, aws);
    if (Type === FUNCTION || otherResourceTypes.has(Type)) continue;
    throw samError(id, 'Type', `${Type} is not known; ${suggestionFor(Type, [FUNCTION, ...otherResourceTypes])}`, aws);
  }
  if (isSam || template.Globals === undefined) return;
  const aws = 'Template format error: Invalid template property or properties [Globals]';
  throw samError('Globals', 'Globals', `needs the line Transform: ${TRANSFORM}: add it`, aws);
}

function rejectEventType(id: string, eventId: string, type: unknown): never {
  const names = [...Object.keys(translators), ...otherEventTypes];
  const aws = `Resource with id [${id}] is invalid. Event with id [${eventId}] is invalid. Resource dict has missing or invalid value for key Type. Event Type is: ${String(type ?? 'None')}.`;
  const message =
    typeof type === 'string'
      ? `${type} is not a type of events; ${suggestionFor(type, names)}`
      : `expected ${Object.keys(translators).join(', ')}, got ${JSON.stringify(type)}`;
  throw samError(id, `Events.${eventId}.Type`, message, aws);
}
