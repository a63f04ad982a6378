import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, reasonOf } from '../logger.ts';
import type { AsyncCondition, AsyncFunction, AsyncOutcomeSink, QueuedEvent } from '../model/async-invocation.ts';
import type { InvocationOutcome, Invoker } from '../model/invocation.ts';

export interface AsyncQueueOptions {
  readonly directory: string;
  readonly invoker: Invoker;
  readonly functions: (name: string) => AsyncFunction | undefined;
  readonly outcomes: AsyncOutcomeSink;
  readonly log: Logger;
  /** Before the first and the second retry; AWS waits one minute and two. */
  readonly retryDelaysMs: readonly number[];
  /** Invocations at a time, over all functions. */
  readonly concurrency: number;
  readonly now: () => number;
}

/** AWS: one second at first, five minutes at most. Here short, since what is away on a laptop comes back soon. */
const OUTAGE_DELAY_MS = { initial: 250, maximum: 5_000 };

/**
 * Lambda's queue for asynchronous invocations, on disk: what was queued survives any death of the process and is
 * delivered at least once. Two retries after function errors; throttling and outages use up none of them.
 */
export class AsyncQueue {
  readonly #options: AsyncQueueOptions;
  readonly #ready: { event: QueuedEvent; outages: number }[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #running = new Set<Promise<void>>();
  #started = false;
  #stopped = false;

  constructor(options: AsyncQueueOptions) {
    this.#options = options;
  }

  /** Reads what an earlier process left behind, oldest first. Nothing is invoked before `start`. */
  async recover(): Promise<readonly QueuedEvent[]> {
    const { directory } = this.#options;
    await mkdir(directory, { recursive: true });
    const events: QueuedEvent[] = [];
    for (const file of (await readdir(directory)).sort()) {
      if (file.endsWith('.part')) await rm(join(directory, file), { force: true });
      if (!file.endsWith('.json')) continue;
      events.push(JSON.parse(await readFile(join(directory, file), 'utf8')) as QueuedEvent);
    }
    for (const event of events) this.#ready.push({ event, outages: 0 });
    return events;
  }

  start(): void {
    this.#started = true;
    this.#pump();
  }

  /** Events that wait or run. */
  get size(): number {
    return this.#ready.length + this.#timers.size + this.#running.size;
  }

  /** Resolves when the event is safely on disk. */
  async enqueue(functionName: string, payload: string, origin?: unknown): Promise<QueuedEvent> {
    const enqueuedAt = this.#options.now();
    const id = `${String(enqueuedAt).padStart(15, '0')}-${randomUUID()}`;
    const event: QueuedEvent = {
      id,
      functionName,
      payload,
      enqueuedAt,
      attempts: 0,
      ...(origin !== undefined && { origin }),
    };
    await this.#save(event);
    this.#ready.push({ event, outages: 0 });
    this.#pump();
    return event;
  }

  /** What runs may end within the time given; the rest stays on disk. */
  async stop(graceMs = 5_000): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
    const grace = Promise.withResolvers<void>();
    const timer = setTimeout(grace.resolve, graceMs);
    await Promise.race([Promise.all(this.#running), grace.promise]);
    clearTimeout(timer);
  }

  #pump(): void {
    while (this.#started && !this.#stopped && this.#running.size < this.#options.concurrency) {
      const next = this.#ready.shift();
      if (next === undefined) return;
      const run = this.#process(next.event, next.outages)
        .catch((error) =>
          this.#options.log.error('asynchronous event failed', { id: next.event.id, reason: reasonOf(error) }),
        )
        .finally(() => {
          this.#running.delete(run);
          this.#pump();
        });
      this.#running.add(run);
    }
  }

  async #process(event: QueuedEvent, outages: number): Promise<void> {
    const { functions, invoker, now, log } = this.#options;
    const target = functions(event.functionName);
    if (target === undefined) {
      log.error('queued event dropped: its function is not in the template any more', { function: event.functionName });
      await this.#remove(event);
      return;
    }
    const { maximumEventAgeSeconds, maximumRetryAttempts } = target.asynchronous;
    const expired = () => now() - event.enqueuedAt > maximumEventAgeSeconds * 1_000;
    if (expired()) return this.#end(target, event, 'EventAgeExceeded');
    const startedAt = performance.now();
    const outcome = await invoker.invoke({
      functionName: target.name,
      payload: event.payload,
      timeoutSeconds: target.timeoutSeconds,
    });
    log.info('asynchronous invocation', {
      function: target.name,
      event: event.id,
      attempt: event.attempts + 1,
      outcome: outcome.kind,
      durationMs: Math.round(performance.now() - startedAt),
      ...(outcome.kind === 'notInvoked' && { reason: outcome.reason }),
    });
    if (outcome.kind === 'success') return this.#end(target, event, 'Success', outcome);
    if (outcome.kind === 'notInvoked') {
      const delay = Math.min(OUTAGE_DELAY_MS.maximum, OUTAGE_DELAY_MS.initial * 2 ** Math.min(outages, 10));
      this.#later({ event, outages: outages + 1 }, delay);
      return;
    }
    const failed = { ...event, attempts: event.attempts + 1 };
    if (failed.attempts > maximumRetryAttempts) return this.#end(target, failed, 'RetriesExhausted', outcome);
    await this.#save(failed);
    const delays = this.#options.retryDelaysMs;
    this.#later({ event: failed, outages: 0 }, delays[failed.attempts - 1] ?? delays.at(-1) ?? 0);
  }

  #later(item: { event: QueuedEvent; outages: number }, delayMs: number): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#ready.push(item);
      this.#pump();
    }, delayMs);
    this.#timers.add(timer);
  }

  async #end(target: AsyncFunction, event: QueuedEvent, condition: AsyncCondition, outcome?: InvocationOutcome) {
    try {
      await this.#options.outcomes.ended(target, event, condition, outcome);
    } catch (error) {
      this.#options.log.error('the outcome of an asynchronous invocation reached no destination', {
        function: target.name,
        event: event.id,
        condition,
        reason: reasonOf(error),
      });
    }
    await this.#remove(event);
  }

  #file(event: QueuedEvent): string {
    return join(this.#options.directory, `${event.id}.json`);
  }

  /** Written aside, flushed and renamed: a file is whole or not there. */
  async #save(event: QueuedEvent): Promise<void> {
    const part = `${this.#file(event)}.part`;
    const file = await open(part, 'w');
    try {
      await file.writeFile(JSON.stringify(event));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, this.#file(event));
  }

  async #remove(event: QueuedEvent): Promise<void> {
    await rm(this.#file(event), { force: true });
  }
}
