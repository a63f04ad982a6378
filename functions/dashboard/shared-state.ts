import type { Clock } from '../ports/clock.ts';
import type { DashboardState, Reading, Readings } from '../ports/dashboard-state.ts';

/** Reads one part; rejects when its server does not answer. */
export type Readers = { readonly [Name in keyof Readings]: () => Promise<Readings[Name]> };

export interface SharedStateOptions {
  readonly readers: Readers;
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
  readonly now: () => Date;
  /** Says why a reader failed, without values of rows. */
  readonly describeFailure: (error: unknown) => string;
  /**
   * How long a request waits for the readers that are still busy when all values are recent. A server that hangs then
   * delays a page no longer than this; its part shows the older value.
   */
  readonly refreshWaitMs: number;
}

/** One snapshot serves all viewers. A little less than an open page waits between two polls, `hx-trigger` in page/home.ts. */
const MAX_AGE_MS = 1_800;

/** How long a request waits when a part has no value yet, or only one from before a pause or a failure. */
const FIRST_WAIT_MS = 900;
const TOO_OLD_MS = 10_000;

/**
 * The readers start one after another: the next one when this has answered, or after this time. Smaller: all servers work at
 * the same time, and changes wait for a processor. Larger: a server that hangs delays the others for longer.
 */
const NEXT_READER_MS = 5;

/** A reader that has not answered by then counts as failed, and the next refresh calls it again. */
const READER_TIMEOUT_MS = 2_000;

/** A timer that is later than this stood still with the process, which AWS freezes between two requests. */
const FROZEN_MS = 1_000;

interface Slot {
  reading: Reading<unknown>;
  /** When the last reading began. */
  readAtMs: number;
  succeededAtMs: number;
  /** Since when it has been asked for without success. */
  askedAt: Date | null;
  pending: Promise<void> | null;
}

/**
 * The state that all viewers share. It is read when a page is requested, for all open pages together as often as
 * one of them polls; while no page is open, nothing
 * is read.
 */
export class SharedState {
  readonly #options: SharedStateOptions;
  readonly #slots = new Map<keyof Readings, Slot>();
  #starting: Promise<void> | null = null;

  constructor(options: SharedStateOptions) {
    this.#options = options;
    for (const name of Object.keys(options.readers) as (keyof Readings)[]) {
      this.#slots.set(name, {
        reading: { value: null, at: null, failure: null },
        readAtMs: -Infinity,
        succeededAtMs: -Infinity,
        askedAt: null,
        pending: null,
      });
    }
  }

  /** Never rejects: a part that cannot be read says so. */
  async read(stage: string): Promise<DashboardState> {
    const { clock, now, refreshWaitMs } = this.#options;
    const startedMs = clock.monotonicMs();
    const isFresh = [...this.#slots.values()].every(({ succeededAtMs }) => startedMs - succeededAtMs < TOO_OLD_MS);
    const pending = this.#refresh(startedMs);
    if (pending !== null) await Promise.race([pending, clock.sleep(isFresh ? refreshWaitMs : FIRST_WAIT_MS)]);
    const entries = [...this.#slots].map(([name, slot]) => [name, slot.reading]);
    return { now: now(), stage, readings: Object.fromEntries(entries) as DashboardState['readings'] };
  }

  /** Starts reading what is old. Returns all readings in progress, if there are any. */
  #refresh(nowMs: number): Promise<unknown> | null {
    const old = [...this.#slots].filter(
      ([, { pending, readAtMs }]) => pending === null && nowMs - readAtMs >= MAX_AGE_MS,
    );
    if (this.#starting === null && old.length > 0) {
      for (const [, slot] of old) {
        slot.readAtMs = nowMs;
        slot.askedAt ??= this.#options.now();
      }
      this.#starting = this.#startAll(old).finally(() => {
        this.#starting = null;
      });
    }
    const slots = [...this.#slots.values()];
    if (this.#starting === null && slots.every(({ pending }) => pending === null)) return null;
    return Promise.resolve(this.#starting).then(() => Promise.all(slots.map(({ pending }) => pending)));
  }

  async #startAll(old: readonly (readonly [keyof Readings, Slot])[]): Promise<void> {
    const { clock } = this.#options;
    for (const [name, slot] of old) {
      slot.pending = this.#readPart(name, slot).finally(() => {
        slot.pending = null;
      });
      await Promise.race([slot.pending, clock.sleep(NEXT_READER_MS)]);
    }
  }

  async #readPart(name: keyof Readings, slot: Slot): Promise<void> {
    const { readers, clock, now, describeFailure } = this.#options;
    try {
      const value = await this.#inTime<unknown>(slot, readers[name]());
      slot.reading = { value, at: now(), failure: null };
      slot.askedAt = null;
      slot.succeededAtMs = clock.monotonicMs();
    } catch (error) {
      const since = slot.askedAt ?? now();
      slot.reading = { ...slot.reading, failure: { message: describeFailure(error), since } };
    }
  }

  async #inTime<Value>(slot: Slot, reading: Promise<Value>): Promise<Value> {
    const { clock, now } = this.#options;
    const timeout = Symbol('timeout');
    for (;;) {
      const startedMs = clock.monotonicMs();
      const first = await Promise.race([reading, clock.sleep(READER_TIMEOUT_MS).then(() => timeout)]);
      if (first !== timeout) return first as Value;
      if (clock.monotonicMs() - startedMs < READER_TIMEOUT_MS + FROZEN_MS) break;
      // The server could not answer a process that stood still, so it gets its time once more.
      slot.askedAt = now();
    }
    reading.catch(() => {});
    throw new Error('it did not answer in time');
  }
}
