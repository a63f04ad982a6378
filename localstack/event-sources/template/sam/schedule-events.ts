import type { Place } from '../template.ts';
import { defined } from './sam-error.ts';
import type { SamEvent, TranslatedEvent } from './sam-event.ts';

type Resolve = (value: unknown, place: Place) => unknown;

/** A `Schedule` event becomes a rule of EventBridge. */
export function translateScheduleEvent(event: SamEvent, resolve: Resolve): TranslatedEvent {
  event.allow([
    'DeadLetterConfig',
    'Description',
    'Enabled',
    'Input',
    'Name',
    'RetryPolicy',
    'RuleName',
    'Schedule',
    'State',
  ]);
  event.require('Schedule');
  const { Schedule, Name, Description, Input, RetryPolicy } = event.properties;
  const target = defined({ Id: `${event.logicalId}LambdaTarget`, Arn: event.targetArn, Input, RetryPolicy });
  return {
    resources: {
      [event.logicalId]: event.resource(
        'AWS::Events::Rule',
        defined({ ScheduleExpression: Schedule, State: state(event, resolve), Name, Description, Targets: [target] }),
      ),
    },
  };
}

function state(event: SamEvent, resolve: Resolve): unknown {
  const { State, Enabled } = event.properties;
  if (Enabled === undefined) return State;
  if (State !== undefined) {
    const aws = 'State and Enabled Properties cannot both be specified.';
    event.fail('State', 'cannot be combined with Enabled: keep one of them', aws);
  }
  const enabled = resolve(Enabled, { resource: event.functionId, property: event.path('Enabled') });
  if (enabled === undefined) return undefined;
  if (!['true', 'false'].includes(String(enabled))) {
    event.reject(
      'Enabled',
      `expected true or false, got ${JSON.stringify(enabled)}`,
      "Type of property 'Enabled' is invalid.",
    );
  }
  return String(enabled) === 'true' ? 'ENABLED' : 'DISABLED';
}

/** Properties of `ScheduleV2` events that the schedule has too. */
const passedToSchedule = [
  'Description',
  'EndDate',
  'GroupName',
  'KmsKeyArn',
  'ScheduleExpression',
  'ScheduleExpressionTimezone',
  'StartDate',
  'State',
];

/** A `ScheduleV2` event becomes a schedule of EventBridge Scheduler. */
export function translateScheduleV2Event(event: SamEvent): TranslatedEvent {
  event.allow([
    ...passedToSchedule,
    ...['DeadLetterConfig', 'FlexibleTimeWindow', 'Input', 'Name', 'OmitName', 'PermissionsBoundary'],
    ...['RetryPolicy', 'RoleArn'],
  ]);
  event.require('ScheduleExpression');
  const { FlexibleTimeWindow, Input, Name, OmitName, RetryPolicy, RoleArn } = event.properties;
  if (OmitName === true && Name !== undefined) {
    event.failByLogicalId(
      'Name',
      'cannot be combined with OmitName: keep one of them',
      'Name cannot be set when OmitName is True',
    );
  }
  return {
    resources: {
      [event.logicalId]: event.resource(
        'AWS::Scheduler::Schedule',
        defined({
          ...Object.fromEntries(passedToSchedule.map((name) => [name, event.properties[name]])),
          Name: OmitName === true ? undefined : (Name ?? event.logicalId),
          FlexibleTimeWindow: FlexibleTimeWindow ?? { Mode: 'OFF' },
          Target: defined({ Arn: event.targetArn, RoleArn, Input, RetryPolicy }),
        }),
      ),
    },
  };
}
