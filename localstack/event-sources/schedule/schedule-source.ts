import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AsyncQueue } from '../invoke/async-queue.ts';
import { type Logger, reasonOf } from '../logger.ts';
import type { Schedule } from '../model/schedule.ts';
import { type ScheduleContext, scheduleEvent } from './schedule-event.ts';

export interface ScheduleSourceOptions {
  readonly schedules: readonly Schedule[];
  readonly queue: Pick<AsyncQueue, 'enqueue'>;
  readonly context: ScheduleContext;
  /** Holds the creation time of each schedule, so that rates stay in step over restarts. */
  readonly stateFile: string;
  readonly log: Logger;
  readonly now: () => number;
}

interface Creation {
  readonly expression: string;
  readonly createdAtMs: number;
}

/** The longest delay of a timer in Node. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Queues an event each time that a schedule is due. Executions that were due while the process was stopped are skipped. */
export class ScheduleSource {
  readonly #options: ScheduleSourceOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #stopped = false;

  constructor(options: ScheduleSourceOptions) {
    this.#options = options;
  }

  start(): void {
    const created = this.#creationTimes();
    for (const schedule of this.#options.schedules) {
      if (!schedule.enabled) {
        this.#options.log.info('disabled', { schedule: schedule.id });
        continue;
      }
      this.#plan(schedule, this.#options.now(), created[schedule.id]?.createdAtMs ?? this.#options.now());
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #plan(schedule: Schedule, afterMs: number, createdAtMs: number): void {
    const earliest = Math.max(afterMs, (schedule.startMs ?? 0) - 1);
    const dueMs = schedule.expression.next(earliest, Math.max(createdAtMs, schedule.startMs ?? 0));
    if (dueMs === undefined || dueMs > (schedule.endMs ?? Number.POSITIVE_INFINITY)) return;
    const wait = () => {
      const leftMs = dueMs - this.#options.now();
      if (leftMs > 0) {
        this.#timers.set(schedule.id, setTimeout(wait, Math.min(leftMs, MAX_TIMER_MS)));
        return;
      }
      this.#fire(schedule, dueMs);
      // After a laptop was asleep, one execution is late, and those that were due meanwhile are skipped.
      if (!this.#stopped) this.#plan(schedule, Math.max(dueMs, this.#options.now()), createdAtMs);
    };
    wait();
  }

  #fire(schedule: Schedule, dueMs: number): void {
    const { queue, context, log } = this.#options;
    log.info('schedule event', {
      schedule: schedule.id,
      function: schedule.function.name,
      due: new Date(dueMs).toISOString(),
    });
    queue
      .enqueue(schedule.function.name, scheduleEvent(schedule, dueMs, context))
      .catch((error) =>
        log.error('schedule event lost: it could not be queued', { schedule: schedule.id, reason: reasonOf(error) }),
      );
  }

  /** The creation times by id: those of the state file, and now for a schedule that is new or has changed. */
  #creationTimes(): Record<string, Creation> {
    const { schedules, stateFile, now } = this.#options;
    let known: Record<string, Creation> = {};
    try {
      known = JSON.parse(readFileSync(stateFile, 'utf8')) as Record<string, Creation>;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#options.log.warn('all rates count from now, because their creation times could not be read', {
          stateFile,
          reason: reasonOf(error),
        });
      }
    }
    const current: Record<string, Creation> = {};
    for (const { id, expressionText } of schedules) {
      const before = known[id];
      current[id] = before?.expression === expressionText ? before : { expression: expressionText, createdAtMs: now() };
    }
    mkdirSync(dirname(stateFile), { recursive: true });
    writeFileSync(`${stateFile}.part`, JSON.stringify(current));
    renameSync(`${stateFile}.part`, stateFile);
    return current;
  }
}
