import type { Schedule } from '../model/schedule.ts';
import { InvalidExpressionError, readExpression } from '../schedule/expression.ts';
import type { FunctionResolver, TemplateFunction } from './function-resolver.ts';
import type { Intrinsics } from './intrinsics.ts';
import { Properties } from './properties.ts';
import { resourcesOfType, type Template } from './template.ts';

/** The error of EventBridge and Scheduler for a value that they reject. */
const INVALID = 'ValidationException';

/** The scheduled rules and the schedules of the template that invoke one of its functions. */
export function readSchedules(template: Template, intrinsics: Intrinsics, functions: FunctionResolver): Schedule[] {
  return [...rules(template, intrinsics, functions), ...schedulerSchedules(template, intrinsics, functions)];
}

function rules(template: Template, intrinsics: Intrinsics, functions: FunctionResolver): Schedule[] {
  return resourcesOfType(template, 'AWS::Events::Rule').flatMap(([id, resource]) => {
    // A rule without a schedule is for the events of a bus, which are not emulated.
    if (resource.Properties?.['ScheduleExpression'] === undefined) return [];
    const properties = new Properties(id, intrinsics.properties(id, resource));
    const text = properties.text('ScheduleExpression');
    if (text === undefined) return [];
    const state = properties.oneOf('State', ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS']);
    return (properties.list('Targets') ?? []).flatMap((target, index): Schedule[] => {
      const item = new Properties(id, target, `Targets[${index}]`);
      const found = lambdaTarget(item, functions);
      if (found === undefined) return [];
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
          expression: expression(properties, text, 'UTC', false),
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
    const properties = new Properties(id, intrinsics.properties(id, resource));
    const target = properties.object('Target') ?? properties.fail('Target', 'is required');
    const found = lambdaTarget(target, functions);
    if (found === undefined) return [];
    const text = properties.text('ScheduleExpression') ?? properties.fail('ScheduleExpression', 'is required');
    const timezone = properties.text('ScheduleExpressionTimezone') ?? 'UTC';
    const name = properties.text('Name') ?? `${intrinsics.pseudoParameters.stackName}-${id}`;
    const group = properties.text('GroupName') ?? 'default';
    const input = jsonInput(target, false);
    const startMs = date(properties, 'StartDate');
    const endMs = date(properties, 'EndDate');
    return [
      {
        id,
        kind: 'scheduler',
        arn: `arn:${partition}:scheduler:${region}:${accountId}:schedule/${group}/${name}`,
        name,
        expressionText: text,
        expression: expression(properties, text, timezone, true),
        function: found,
        enabled: properties.oneOf('State', ['ENABLED', 'DISABLED']) !== 'DISABLED',
        ...(input !== undefined && { input }),
        ...(startMs !== undefined && { startMs }),
        ...(endMs !== undefined && { endMs }),
      },
    ];
  });
}

/** Undefined for targets of other services. */
function lambdaTarget(target: Properties, functions: FunctionResolver): TemplateFunction | undefined {
  const arn = target.text('Arn') ?? target.fail('Arn', 'is required');
  if (!/^arn:[^:]*:lambda:/.test(arn) && !functions.mayBeFunction(arn)) return undefined;
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

function expression(properties: Properties, text: string, timezone: string, allowAt: boolean) {
  try {
    return readExpression(text, timezone, allowAt);
  } catch (error) {
    if (error instanceof InvalidExpressionError) return properties.fail('ScheduleExpression', error.message, INVALID);
    throw error;
  }
}

function date(properties: Properties, name: string): number | undefined {
  const text = properties.text(name);
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? properties.fail(name, `expected a time like 2026-01-31T08:00:00Z, got ${text}`) : time;
}
