import { parseArn } from '../model/arn.ts';
import type { Schedule, ScheduleExpression } from '../model/schedule.ts';
import { InvalidExpressionError, readRuleExpression, readSchedulerExpression } from '../schedule/expression.ts';
import { TimeZone } from '../schedule/time-zone.ts';
import type { FunctionResolver, TemplateFunction } from './function-resolver.ts';
import type { Intrinsics } from './intrinsics.ts';
import { Properties } from './properties.ts';
import { type Resource, resourcesOfType, type Template } from './template.ts';

/** The error of EventBridge and Scheduler for a value that they reject. */
const INVALID = 'ValidationException';
const INVALID_RULE_EXPRESSION = 'ValidationException, Parameter ScheduleExpression is not valid';

/** The properties that CloudFormation knows. */
const known = {
  rule: [
    ...[
      'Description',
      'EventBusName',
      'EventPattern',
      'Name',
      'RoleArn',
      'ScheduleExpression',
      'State',
      'Tags',
      'Targets',
    ],
  ],
  ruleTarget: [
    ...[
      'AppSyncParameters',
      'Arn',
      'BatchParameters',
      'DeadLetterConfig',
      'EcsParameters',
      'HttpParameters',
      'Id',
      'Input',
    ],
    ...['InputPath', 'InputTransformer', 'KinesisParameters', 'RedshiftDataParameters', 'RetryPolicy', 'RoleArn'],
    ...['RunCommandParameters', 'SageMakerPipelineParameters', 'SqsParameters'],
  ],
  schedule: [
    ...['ActionAfterCompletion', 'Description', 'EndDate', 'FlexibleTimeWindow', 'GroupName', 'KmsKeyArn', 'Name'],
    ...['ScheduleExpression', 'ScheduleExpressionTimezone', 'StartDate', 'State', 'Target'],
  ],
  scheduleTarget: [
    ...[
      'Arn',
      'DeadLetterConfig',
      'EcsParameters',
      'EventBridgeParameters',
      'Input',
      'KinesisParameters',
      'RetryPolicy',
    ],
    ...['RoleArn', 'SageMakerPipelineParameters', 'SqsParameters'],
  ],
};
const NAME = { pattern: /^[0-9a-zA-Z-_.]+$/, maximumLength: 64 };
/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html */
const MAX_TARGETS = 5;

/** The scheduled rules and the schedules of the template that invoke one of its functions. */
export function readSchedules(template: Template, intrinsics: Intrinsics, functions: FunctionResolver): Schedule[] {
  return [...rules(template, intrinsics, functions), ...schedulerSchedules(template, intrinsics, functions)];
}

function rules(template: Template, intrinsics: Intrinsics, functions: FunctionResolver): Schedule[] {
  return resourcesOfType(template, 'AWS::Events::Rule').flatMap(([id, resource]) => {
    // A rule without a schedule is for the events of a bus, which are not emulated.
    if (resource.Properties?.['ScheduleExpression'] === undefined) return [];
    if (!mayInvokeFunction(id, resource, 'Targets', intrinsics, functions)) return [];
    const properties = new Properties(id, intrinsics.properties(id, resource));
    const text = properties.text('ScheduleExpression');
    if (text === undefined) return [];
    checkRule(properties);
    const expression = validExpression(properties, () => readRuleExpression(text), INVALID_RULE_EXPRESSION);
    const state = properties.oneOf('State', ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS']);
    return (properties.list('Targets') ?? []).flatMap((target, index): Schedule[] => {
      const item = new Properties(id, target, `Targets[${index}]`);
      const found = lambdaTarget(item, functions);
      if (found === undefined) return [];
      item.only(...known.ruleTarget);
      if (item.text('Id', NAME) === undefined) item.fail('Id', 'is required', missing('Id'));
      const inputPath = item.text('InputPath', { maximumLength: 256 });
      const transformer = item.object('InputTransformer');
      const input = jsonInput(item, true);
      if ([inputPath, transformer, input].filter((given) => given !== undefined).length > 1) {
        item.fail('Input', 'only one of Input, InputPath and InputTransformer may be given: keep one', INVALID);
      }
      return [
        {
          id: `${id}/${index}`,
          kind: 'rule',
          arn: intrinsics.references.arnOf(id),
          name: intrinsics.references.nameOf(id),
          expressionText: text,
          expression,
          function: found,
          enabled: state !== 'DISABLED',
          ...(input !== undefined && { input }),
          ...(inputPath !== undefined && { inputPath }),
          ...(transformer !== undefined && {
            inputTransformer: {
              template: transformer.text('InputTemplate') ?? transformer.fail('InputTemplate', 'is required'),
              paths:
                (target as { InputTransformer: { InputPathsMap?: Record<string, string> } }).InputTransformer
                  .InputPathsMap ?? {},
            },
          }),
        },
      ];
    });
  });
}

function schedulerSchedules(template: Template, intrinsics: Intrinsics, functions: FunctionResolver): Schedule[] {
  const { partition, region, accountId } = intrinsics.pseudoParameters;
  return resourcesOfType(template, 'AWS::Scheduler::Schedule').flatMap(([id, resource]): Schedule[] => {
    if (!mayInvokeFunction(id, resource, 'Target', intrinsics, functions)) return [];
    const properties = new Properties(id, intrinsics.properties(id, resource));
    const target = properties.object('Target') ?? properties.fail('Target', 'is required');
    const found = lambdaTarget(target, functions);
    if (found === undefined) return [];
    properties.only(...known.schedule);
    target.only(...known.scheduleTarget);
    checkTimeWindow(properties);
    const text = properties.text('ScheduleExpression') ?? properties.fail('ScheduleExpression', 'is required');
    const timeZone = readTimeZone(properties);
    const expression = validExpression(
      properties,
      () => readSchedulerExpression(text, timeZone),
      `ValidationException, Invalid Schedule Expression ${text}`,
    );
    const name = properties.text('Name', NAME) ?? `${intrinsics.pseudoParameters.stackName}-${id}`;
    const group = properties.text('GroupName', NAME) ?? 'default';
    const input = jsonInput(target, false);
    const startMs = readDate(properties, 'StartDate');
    const endMs = readDate(properties, 'EndDate');
    if (startMs !== undefined && endMs !== undefined && endMs <= startMs) {
      properties.fail('EndDate', `expected a time after StartDate, found ${properties.text('EndDate')}`, INVALID);
    }
    const isRecurring = expression.kind !== 'once';
    return [
      {
        id,
        kind: 'scheduler',
        arn: `arn:${partition}:scheduler:${region}:${accountId}:schedule/${group}/${name}`,
        name,
        expressionText: text,
        expression,
        function: found,
        enabled: properties.oneOf('State', ['ENABLED', 'DISABLED']) !== 'DISABLED',
        ...(input !== undefined && { input }),
        ...(isRecurring && startMs !== undefined && { startMs }),
        ...(isRecurring && endMs !== undefined && { endMs }),
      },
    ];
  });
}

function checkRule(properties: Properties): void {
  properties.only(...known.rule);
  const bus = properties.text('EventBusName') ?? 'default';
  if (bus !== 'default' && !bus.endsWith('event-bus/default')) {
    properties.fail(
      'EventBusName',
      `expected the default event bus, because the rule has a schedule, found ${bus}: remove it`,
      'ValidationException, ScheduleExpression is supported only on the default event bus.',
    );
  }
  const { length } = properties.list('Targets') ?? [];
  if (length > MAX_TARGETS) {
    properties.fail('Targets', `must hold at most ${MAX_TARGETS}, holds ${length}`, 'LimitExceededException');
  }
}

/** Only validated: a schedule here is due at its time. */
function checkTimeWindow(properties: Properties): void {
  const name = 'FlexibleTimeWindow';
  const window = properties.object(name) ?? properties.fail(name, 'is required: { Mode: OFF }', missing(name));
  window.only('Mode', 'MaximumWindowInMinutes');
  const mode = window.oneOf('Mode', ['OFF', 'FLEXIBLE']) ?? window.fail('Mode', 'is required', missing('Mode'));
  const minutes = window.integer('MaximumWindowInMinutes', 1, 1_440);
  if (mode === 'FLEXIBLE' && minutes === undefined) {
    window.fail('MaximumWindowInMinutes', 'is required with FLEXIBLE', INVALID);
  }
  if (mode === 'OFF' && minutes !== undefined) {
    window.fail('MaximumWindowInMinutes', 'is for FLEXIBLE, not for OFF: remove it', INVALID);
  }
}

/** CloudFormation's error for a property that is not there. */
function missing(property: string): string {
  return `required key [${property}] not found`;
}

/**
 * Whether the resource has a target that is a function, or one without an ARN, which is refused when it is read. The other
 * properties are not evaluated, because those of other services' targets may use parameters without values.
 */
function mayInvokeFunction(
  id: string,
  resource: Resource,
  property: 'Target' | 'Targets',
  intrinsics: Intrinsics,
  functions: FunctionResolver,
): boolean {
  const Properties = { [property]: arnsOnly(resource.Properties?.[property]) };
  const targets = intrinsics.properties(id, { ...resource, Properties })[property];
  return [targets].flat().some((target) => {
    const arn = (target as { Arn?: unknown } | null | undefined)?.Arn;
    return typeof arn !== 'string' || isFunction(arn, functions);
  });
}

/** The targets, whose `Arn` is the only member that is kept. */
function arnsOnly(targets: unknown): unknown {
  if (Array.isArray(targets)) return targets.map(arnsOnly);
  if (typeof targets !== 'object' || targets === null) return targets;
  const { Arn, 'Fn::If': choice, ...others } = targets as Readonly<Record<string, unknown>>;
  if (Array.isArray(choice)) return { 'Fn::If': [choice[0], ...choice.slice(1).map(arnsOnly)] };
  const isCall = Object.keys(others).some((name) => name === 'Ref' || name.startsWith('Fn::'));
  return isCall ? targets : { Arn };
}

function isFunction(arn: string, functions: FunctionResolver): boolean {
  return parseArn(arn)?.service === 'lambda' || functions.mayBeFunction(arn);
}

/** Undefined for targets of other services. */
function lambdaTarget(target: Properties, functions: FunctionResolver): TemplateFunction | undefined {
  const arn = target.text('Arn') ?? target.fail('Arn', 'is required');
  if (!isFunction(arn, functions)) return undefined;
  return functions.target(arn, (message, aws) => target.fail('Arn', message, aws));
}

/** A rule accepts JSON only. Scheduler passes any text on, but Lambda would reject it. */
function jsonInput(target: Properties, isRule: boolean): string | undefined {
  const input = target.text('Input');
  if (input === undefined) return undefined;
  try {
    JSON.parse(isRule ? input : input.replace(/<aws\.scheduler\.[a-z-]+>/g, '0'));
    return input;
  } catch {
    return target.fail('Input', 'expected JSON text, found something else: correct it', INVALID);
  }
}

function validExpression(properties: Properties, read: () => ScheduleExpression, aws: string): ScheduleExpression {
  try {
    return read();
  } catch (error) {
    if (error instanceof InvalidExpressionError) return properties.fail('ScheduleExpression', error.message, aws);
    throw error;
  }
}

/** Undefined: UTC. An unknown name is refused for every kind of expression, although a rate does not depend on it. */
function readTimeZone(properties: Properties): TimeZone | undefined {
  const name = properties.text('ScheduleExpressionTimezone', { maximumLength: 50 });
  if (name === undefined || name === 'UTC') return undefined;
  const expected = 'expected a name of the IANA time zone database like Europe/Berlin';
  return TimeZone.find(name) ?? properties.fail('ScheduleExpressionTimezone', `${expected}, found ${name}`, INVALID);
}

/** A time without an offset is in UTC. */
function readDate(properties: Properties, name: string): number | undefined {
  const text = properties.text(name);
  if (text === undefined) return undefined;
  const [, day = '', time = '', offset = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:?\d\d)?$/.exec(text) ?? [];
  const dayMs = Date.parse(`${day}T00:00Z`);
  const ms = Date.parse(`${day}${time}${offset}`);
  // Date.parse also takes the 30th of February, for the 2nd of March.
  const isValid = !Number.isNaN(ms) && new Date(dayMs).toISOString().slice(0, 10) === day;
  return isValid ? ms : properties.fail(name, `expected a time like 2026-01-31T08:00:00Z, found ${text}`, INVALID);
}
