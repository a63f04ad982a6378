import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Clock, EvenTime, WallTime } from '../clock.ts';
import type { AsyncQueue } from '../invoke/async-queue.ts';
import { type Logger, reasonOf } from '../logger.ts';
import type { Schedule } from '../model/schedule.ts';
import { qualifiedName } from '../model/target-function.ts';
import { type ScheduleContext, scheduleEvent } from './schedule-event.ts';

export interface ScheduleSourceOptions {
  readonly schedules: readonly Schedule[];
  readonly queue: Pick<AsyncQueue, 'enqueue'>;
  readonly context: ScheduleContext;
  /** Holds the creation time of each schedule, so that rates stay in step over restarts. */
  readonly stateFile: string;
  readonly log: Logger;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
}

/** An entry of the state file. */
interface Creation {
  readonly expression: string;
  readonly createdAtMs: number;
}

/** A schedule, the time that it follows, and from when on its rate counts. */
interface Plan {
  readonly schedule: Schedule;
  readonly time: Pick<EvenTime, 'now'>;
  readonly rateStartMs: number;
}

/** How long a timer runs before the time is looked at again, because the wall clock may have been set meanwhile. */
const CHECK_MS = 60_000;
/**
 * Between the creation times of two schedules that are new. AWS does not create all of a template in the same second either;
 * if all rates were in step, their functions would start at the same time and leave no processor time to the others.
 */
const CREATION_INTERVAL_MS = 5_000;
/** By how much the wall clock must have been set back for a schedule to be planned again. Less would repeat an execution. */
const SET_BACK_MS = 5_000;

/**
 * Queues an event each time that a schedule is due. Executions that were due while the process was stopped are skipped.
 *
 * A rate counts evenly, whatever happens to the wall clock. A cron expression follows the wall clock: when that is set
 * forward, one execution is late and those in between are skipped; when it is set back, the next one is planned again.
 */
export class ScheduleSource {
  readonly #options: ScheduleSourceOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #stopped = false;

  constructor(options: ScheduleSourceOptions) {
    this.#options = options;
  }

  start(): void {
    const created = this.#readCreations();
    const { schedules, clock, log } = this.#options;
    const [evenTime, wallTime] = [new EvenTime(clock), new WallTime(clock)];
    for (const schedule of schedules) {
      if (!schedule.enabled) {
        log.info('disabled', { schedule: schedule.id });
        continue;
      }
      const time = schedule.expression.kind === 'rate' ? evenTime : wallTime;
      const { createdAtMs, isNew } = created.get(schedule.id) ?? { createdAtMs: clock.now(), isNew: true };
      const plan = { schedule, time, rateStartMs: schedule.startMs ?? createdAtMs };
      // A rate of Scheduler is due at its creation, and after a restart it is not due again.
      const isDueNow = isNew && schedule.kind === 'scheduler' && schedule.expression.kind === 'rate';
      this.#plan(plan, isDueNow ? createdAtMs - 1 : time.now());
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  #plan(plan: Plan, afterMs: number): void {
    const { schedule, time, rateStartMs } = plan;
    const earliest = Math.max(afterMs, (schedule.startMs ?? 0) - 1);
    const dueMs = schedule.expression.next(earliest, rateStartMs);
    if (dueMs === undefined || dueMs > (schedule.endMs ?? Number.POSITIVE_INFINITY)) return;
    const wait = () => {
      const nowMs = time.now();
      if (nowMs < afterMs - SET_BACK_MS) return this.#plan(plan, nowMs);
      if (nowMs < dueMs) {
        this.#timers.set(schedule.id, setTimeout(wait, Math.min(dueMs - nowMs, CHECK_MS)));
        return;
      }
      this.#fire(schedule, dueMs + this.#options.clock.now() - nowMs);
      // After a laptop was asleep, one execution is late, and those that were due meanwhile are skipped.
      if (!this.#stopped) this.#plan(plan, Math.max(dueMs, nowMs));
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
      .enqueue(qualifiedName(schedule.function), scheduleEvent(schedule, dueMs, context))
      .catch((error) =>
        log.error('schedule event lost: it could not be queued', { schedule: schedule.id, reason: reasonOf(error) }),
      );
  }

  /** By id: those of the state file, and now for a schedule that is new or has changed. */
  #readCreations(): Map<string, Creation & { readonly isNew: boolean }> {
    const { schedules, stateFile, clock, log } = this.#options;
    const nowMs = clock.now();
    const known = this.#readStateFile();
    const current = new Map<string, Creation & { readonly isNew: boolean }>();
    for (const [index, { id, expressionText }] of schedules.entries()) {
      const before = known?.[id];
      const isNew = known !== undefined && before?.expression !== expressionText;
      if (before !== undefined && before.createdAtMs > nowMs) {
        log.warn('the rate counts from now, because its creation time is in the future: the clock was set back', {
          schedule: id,
          createdAt: new Date(before.createdAtMs).toISOString(),
        });
      }
      const isKnown = before?.expression === expressionText && before.createdAtMs <= nowMs;
      const createdAtMs = isKnown ? before.createdAtMs : nowMs - index * CREATION_INTERVAL_MS;
      current.set(id, { expression: expressionText, createdAtMs, isNew });
    }
    const stored = Object.fromEntries(
      [...current].map(([id, { expression, createdAtMs }]): [string, Creation] => [id, { expression, createdAtMs }]),
    );
    mkdirSync(dirname(stateFile), { recursive: true });
    writeFileSync(`${stateFile}.part`, JSON.stringify(stored));
    renameSync(`${stateFile}.part`, stateFile);
    return current;
  }

  /** Empty before the first start. Undefined: the file is unreadable, so that it is unknown which schedules are new. */
  #readStateFile(): Record<string, Creation> | undefined {
    const { stateFile, log } = this.#options;
    try {
      return JSON.parse(readFileSync(stateFile, 'utf8')) as Record<string, Creation>;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      log.warn('all rates count from now, because their creation times could not be read', {
        stateFile,
        reason: reasonOf(error),
      });
      return undefined;
    }
  }
}
