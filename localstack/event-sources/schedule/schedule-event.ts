import { randomUUID } from 'node:crypto';
import type { Schedule } from '../model/schedule.ts';

export interface ScheduleContext {
  readonly region: string;
  readonly accountId: string;
}

/** The event for one execution of a schedule, as JSON. */
export function scheduleEvent(schedule: Schedule, scheduledAtMs: number, context: ScheduleContext): string {
  const time = `${new Date(scheduledAtMs).toISOString().slice(0, 19)}Z`;
  const envelope = {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: schedule.kind === 'rule' ? 'aws.events' : 'aws.scheduler',
    account: context.accountId,
    time,
    region: context.region,
    resources: [schedule.arn],
    // Scheduler sends the string "{}", not an object.
    detail: schedule.kind === 'rule' ? {} : '{}',
  };
  if (schedule.kind === 'scheduler') {
    if (schedule.input === undefined) return JSON.stringify(envelope);
    const attributes: Record<string, string> = {
      '<aws.scheduler.schedule-arn>': schedule.arn,
      '<aws.scheduler.scheduled-time>': time,
      '<aws.scheduler.execution-id>': envelope.id,
      '<aws.scheduler.attempt-number>': '1',
    };
    return schedule.input.replace(/<aws\.scheduler\.[a-z-]+>/g, (name) => attributes[name] ?? name);
  }
  if (schedule.input !== undefined) return schedule.input;
  if (schedule.inputPath !== undefined) return JSON.stringify(atPath(envelope, schedule.inputPath) ?? null);
  if (schedule.inputTransformer !== undefined) return applyTransformer(schedule, schedule.inputTransformer, envelope);
  return JSON.stringify(envelope);
}

/** Evaluates a JSON path as EventBridge accepts it, such as `$.detail.name` or `$.resources[0]`. */
export function atPath(document: unknown, path: string): unknown {
  const steps = path.replace(/^\$\.?/, '').match(/[^.[\]'"]+/g) ?? [];
  return steps.reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined,
    document,
  );
}

/** Replaces the placeholders: inside quotes by text, elsewhere by JSON. */
function applyTransformer(
  schedule: Schedule,
  { template, paths }: NonNullable<Schedule['inputTransformer']>,
  envelope: Readonly<Record<string, unknown>>,
): string {
  const values: Record<string, unknown> = {
    'aws.events.rule-arn': schedule.arn,
    'aws.events.rule-name': schedule.name,
    'aws.events.event.ingestion-time': envelope['time'],
    'aws.events.event': envelope,
    'aws.events.event.json': envelope,
  };
  for (const [name, path] of Object.entries(paths)) values[name] = atPath(envelope, path);
  let isQuoted = false;
  return template.replace(/\\.|"|<([^<>]+)>/g, (match, name: string | undefined) => {
    if (match === '"') isQuoted = !isQuoted;
    if (name === undefined || !Object.hasOwn(values, name)) return match;
    const value = values[name];
    if (!isQuoted) return JSON.stringify(value ?? '');
    const text = typeof value === 'string' ? value : JSON.stringify(value ?? '');
    return JSON.stringify(text).slice(1, -1);
  });
}
