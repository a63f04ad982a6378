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
  /** Keeps when each schedule was made, so that rates go on in step over restarts. */
  readonly stateFile: string;
  readonly log: Logger;
  readonly now: () => number;
}

/** Node's timers hold no more than this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Queues an event for each tick of each schedule while it runs. Ticks that fall into a standstill are not made up. */
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
        this.#timers.set(schedule.id, setTimeout(wait, Math.min(leftMs, LONGEST_TIMER_MS)));
        return;
      }
      this.#fire(schedule, dueMs);
      // After a sleeping laptop wakes, one tick is late and the ones in between are left out.
      if (!this.#stopped) this.#plan(schedule, Math.max(dueMs, this.#options.now()), createdAtMs);
    };
    wait();
  }

  #fire(schedule: Schedule, dueMs: number): void {
    const { queue, context, log } = this.#options;
    log.info('schedule', {
      schedule: schedule.id,
      function: schedule.function.name,
      due: new Date(dueMs).toISOString(),
    });
    queue
      .enqueue(schedule.function.name, scheduleEvent(schedule, dueMs, context))
      .catch((error) => log.error('tick lost', { schedule: schedule.id, reason: reasonOf(error) }));
  }

  #creationTimes(): Record<string, { expression: string; createdAtMs: number }> {
    const { schedules, stateFile, now } = this.#options;
    let known: Record<string, { expression: string; createdAtMs: number }> = {};
    try {
      known = JSON.parse(readFileSync(stateFile, 'utf8')) as typeof known;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        this.#options.log.warn('rates start anew: their state cannot be read', { stateFile, reason: reasonOf(error) });
      }
    }
    const current: typeof known = {};
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
