import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { type Logger, reasonOf } from '../logger.ts';
import type { AsyncCondition, AsyncFunction, AsyncOutcomeSink, QueuedEvent } from '../model/async-invocation.ts';
import type { InvocationOutcome, Invoker } from '../model/invocation.ts';
import { withResolvers } from '../node-20.ts';
import { reasonOfFailure } from '../standstill/reason-of-failure.ts';
import type { Standstills } from '../standstill/standstills.ts';
import { FunctionBacklogs } from './function-backlogs.ts';
import type { QueuedEventStore } from './queued-event-store.ts';

export interface AsyncQueueOptions {
  readonly store: QueuedEventStore;
  readonly invoker: Invoker;
  readonly functions: (name: string) => AsyncFunction | undefined;
  readonly outcomes: AsyncOutcomeSink;
  readonly clock: Clock;
  readonly log: Logger;
  readonly standstills: Pick<Standstills, 'report' | 'clear'>;
  /** Delay before the first and before the second retry. */
  readonly retryDelaysMs: readonly number[];
  /** Maximum number of concurrent invocations of one function. Its reserved concurrency can only lower it. */
  readonly concurrency: number;
}

/** An event whose function is invoked next. */
interface Attempt {
  readonly event: QueuedEvent;
  /** How many attempts in a row did not reach the function. */
  readonly outageCount: number;
  /** When the event was queued, by the monotonic clock, so that setting the wall clock expires no event. */
  readonly queuedAtMs: number;
  /** Of the attempt before; absent: there was none in this process. */
  readonly lastOutcome?: InvocationOutcome;
}

/** AWS waits from 1 s to 5 min. Shorter here, because what is down on a laptop comes back soon. */
const OUTAGE_DELAY_MS = { initial: 250, maximum: 5_000 };

/**
 * Lambda's queue for asynchronous invocations. Events are on disk until they have ended, so that each is delivered at
 * least once. Function errors are retried twice by default; throttling and outages are retried and not counted. Each
 * function has a concurrency of its own, so that the backlog of one function does not delay another.
 */
export class AsyncQueue {
  readonly #options: AsyncQueueOptions;
  readonly #ending = new AbortController();
  readonly #ready: FunctionBacklogs<Attempt>;
  readonly #delayed = new Set<Attempt>();
  readonly #running = new Set<Promise<void>>();
  #started = false;

  constructor(options: AsyncQueueOptions) {
    this.#options = options;
    const { concurrency, functions } = options;
    this.#ready = new FunctionBacklogs((name) =>
      Math.min(concurrency, functions(name)?.asynchronous.reservedConcurrency ?? concurrency),
    );
  }

  /** Loads the events that an earlier process left, and returns them. None is invoked before `start`. */
  async recover(): Promise<readonly QueuedEvent[]> {
    const events = await this.#options.store.load();
    for (const event of events) {
      const ageMs = Math.max(0, this.#options.clock.now() - event.enqueuedAt);
      const queuedAtMs = this.#options.clock.monotonic() - ageMs;
      this.#ready.add(functionOf(event), { event, outageCount: 0, queuedAtMs });
    }
    return events;
  }

  start(): void {
    this.#started = true;
    this.#invokeReady();
  }

  /** Number of events that have not ended. */
  get size(): number {
    return this.#ready.size + this.#delayed.size + this.#running.size;
  }

  /** Resolves once the event is on disk. `functionName` may end with `:` and a qualifier. `origin` is kept with the event, for the source that queues it. */
  async enqueue(functionName: string, payload: string, origin?: unknown): Promise<QueuedEvent> {
    const enqueuedAt = this.#options.clock.now();
    const event: QueuedEvent = {
      id: `${String(enqueuedAt).padStart(15, '0')}-${randomUUID()}`,
      functionName,
      payload,
      enqueuedAt,
      attempts: 0,
      ...(origin !== undefined && { origin }),
    };
    await this.#options.store.save(event);
    this.#ready.add(functionOf(event), { event, outageCount: 0, queuedAtMs: this.#options.clock.monotonic() });
    this.#invokeReady();
    return event;
  }

  /** Waits up to `graceMs` for the invocations that run. All other events stay on disk. */
  async stop(graceMs = 5_000): Promise<void> {
    this.#ending.abort();
    const grace = withResolvers<void>();
    const timer = setTimeout(grace.resolve, graceMs);
    await Promise.race([Promise.all(this.#running), grace.promise]);
    clearTimeout(timer);
  }

  #invokeReady(): void {
    while (this.#started && !this.#ending.signal.aborted) {
      const attempt = this.#ready.take();
      if (attempt === undefined) return;
      const run = this.#process(attempt)
        .catch((error) =>
          this.#options.log.error('asynchronous event failed', { id: attempt.event.id, reason: reasonOf(error) }),
        )
        .finally(() => {
          this.#running.delete(run);
          this.#ready.release(functionOf(attempt.event));
          this.#invokeReady();
        });
      this.#running.add(run);
    }
  }

  async #process({ event, outageCount, queuedAtMs, lastOutcome }: Attempt): Promise<void> {
    const { functions, clock, store, log } = this.#options;
    const target = functions(event.functionName);
    if (target === undefined) {
      log.error('queued event dropped: its function is no longer in the template', { function: event.functionName });
      await store.remove(event);
      return;
    }
    const { maximumEventAgeSeconds, maximumRetryAttempts } = target.asynchronous;
    const isExpired = clock.monotonic() - queuedAtMs > maximumEventAgeSeconds * 1_000;
    if (isExpired) return this.#end(target, event, 'EventAgeExceeded', lastOutcome);
    const outcome = await this.#invoke(target, event);
    this.#reportProgress(target, outcome);
    if (outcome.kind === 'success') return this.#end(target, event, 'Success', outcome);
    if (outcome.kind === 'notInvoked') {
      const next = { event, outageCount: outageCount + 1, queuedAtMs, lastOutcome: outcome };
      this.#retryLater(next, outageDelayMs(outageCount));
      return;
    }
    const failed = { ...event, attempts: event.attempts + 1 };
    if (failed.attempts > maximumRetryAttempts) return this.#end(target, failed, 'RetriesExhausted', outcome);
    await store.save(failed);
    const next = { event: failed, outageCount: 0, queuedAtMs, lastOutcome: outcome };
    this.#retryLater(next, this.#retryDelayMs(failed.attempts));
  }

  async #invoke(target: AsyncFunction, event: QueuedEvent): Promise<InvocationOutcome> {
    const startedAt = performance.now();
    const outcome = await this.#options.invoker.invoke({
      functionName: target.name,
      ...(target.qualifier !== undefined && { qualifier: target.qualifier }),
      payload: event.payload,
      timeoutSeconds: target.timeoutSeconds,
    });
    this.#options.log.info('asynchronous invocation', {
      function: target.name,
      event: event.id,
      attempt: event.attempts + 1,
      outcome: outcome.kind,
      durationMs: Math.round(performance.now() - startedAt),
      ...(outcome.kind === 'notInvoked' && { reason: outcome.reason }),
    });
    return outcome;
  }

  /** An event that fails does not hold up others, so any success of the function counts as progress. */
  #reportProgress({ name }: AsyncFunction, outcome: InvocationOutcome): void {
    if (outcome.kind === 'success') this.#options.standstills.clear(queueTitle(name));
    else this.#options.standstills.report(queueTitle(name), reasonOfFailure(name, outcome));
  }

  #retryDelayMs(attempts: number): number {
    const { retryDelaysMs } = this.#options;
    return retryDelaysMs[attempts - 1] ?? retryDelaysMs.at(-1) ?? 0;
  }

  #retryLater(attempt: Attempt, delayMs: number): void {
    this.#delayed.add(attempt);
    this.#options.clock.wait(delayMs, this.#ending.signal).then(
      () => {
        this.#delayed.delete(attempt);
        this.#ready.add(functionOf(attempt.event), attempt);
        this.#invokeReady();
      },
      // The queue stops, and the event stays in it.
      () => {},
    );
  }

  async #end(target: AsyncFunction, event: QueuedEvent, condition: AsyncCondition, outcome?: InvocationOutcome) {
    const { outcomes, store, log } = this.#options;
    try {
      await outcomes.ended(target, event, condition, outcome);
    } catch (error) {
      log.error('the outcome of an asynchronous invocation could not be delivered', {
        function: target.name,
        event: event.id,
        condition,
        reason: reasonOf(error),
      });
    }
    this.#options.standstills.clear(queueTitle(target.name));
    await store.remove(event);
  }
}

/** The name without the qualifier: all versions and aliases of a function share its concurrency. */
function functionOf({ functionName }: QueuedEvent): string {
  return functionName.split(':')[0] ?? functionName;
}

/** Names the events of a function in logs and metrics. */
function queueTitle(functionName: string): string {
  return `the queue of asynchronous events of ${functionName}`;
}

function outageDelayMs(outageCount: number): number {
  return Math.min(OUTAGE_DELAY_MS.maximum, OUTAGE_DELAY_MS.initial * 2 ** Math.min(outageCount, 10));
}
