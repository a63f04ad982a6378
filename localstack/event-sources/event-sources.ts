import { join } from 'node:path';
import type { KafkaConfig } from 'kafkajs';
import { systemClock } from './clock.ts';
import { AsyncDestinations } from './destinations/async-destinations.ts';
import type { ClosableDestination } from './destinations/closable-destination.ts';
import { failureDestinationOf } from './destinations/failure-destination.ts';
import { AwsSender } from './destinations/sender.ts';
import { AsyncQueue } from './invoke/async-queue.ts';
import { QueuedEventStore } from './invoke/queued-event-store.ts';
import { MemberIds } from './kafka/consumer/member-ids.ts';
import { sourceTitle } from './kafka/consumer/polling-errors.ts';
import { KafkaEventSource } from './kafka/kafka-event-source.ts';
import type { Logger } from './logger.ts';
import { FunctionMetrics } from './metrics/function-metrics.ts';
import { MetricsServer } from './metrics/metrics-server.ts';
import type { MetricsSnapshot } from './metrics/metrics-snapshot.ts';
import type { QueuedEvent } from './model/async-invocation.ts';
import type { Invoker } from './model/invocation.ts';
import { withResolvers } from './node-20.ts';
import type { EventSourcesOptions } from './options.ts';
import { bucketTitle } from './s3/bucket-source.ts';
import type { S3Sources } from './s3/s3-sources.ts';
import { ScheduleSource } from './schedule/schedule-source.ts';
import { Standstills } from './standstill/standstills.ts';
import type { TemplateModel } from './template/template-model.ts';

export interface EventSourcesDependencies {
  readonly model: TemplateModel;
  readonly options: EventSourcesOptions;
  readonly invoker: Invoker;
  readonly log: Logger;
  /** What the functions print, if this process runs them. */
  readonly functionMetrics?: FunctionMetrics;
}

/** All event sources of a template. They work between `start` and `stop`. */
export class EventSources {
  readonly #dependencies: EventSourcesDependencies;
  readonly #standstills: Standstills;
  readonly #queue: AsyncQueue;
  readonly #kafka: KafkaEventSource[];
  readonly #schedules: ScheduleSource;
  readonly #destinations: ClosableDestination[] = [];
  /** Resolves once all buckets were listed. */
  readonly #listing = withResolvers<void>();
  #s3: S3Sources | undefined;
  #metricsServer: MetricsServer | undefined;
  #metricsPort: number | undefined;

  constructor(dependencies: EventSourcesDependencies) {
    this.#dependencies = dependencies;
    const { model, options, invoker, log } = dependencies;
    const sender = createSender(dependencies);
    this.#standstills = new Standstills(log);
    this.#queue = new AsyncQueue({
      store: new QueuedEventStore(join(options.stateDirectory, 'queue')),
      invoker,
      functions: (name) => model.functions.find(name),
      outcomes: new AsyncDestinations(sender, log),
      log,
      standstills: this.#standstills,
      retryDelaysMs: options.asyncRetryDelaysMs,
      concurrency: options.asyncConcurrency,
      clock: systemClock,
    });
    this.#kafka = this.#createKafkaSources(sender);
    this.#schedules = new ScheduleSource({
      schedules: model.schedules,
      queue: this.#queue,
      context: model.pseudoParameters,
      stateFile: join(options.stateDirectory, 'schedules.json'),
      log,
      clock: systemClock,
    });
  }

  /** Resolves once every source is polling. Waits as long as a broker, a topic or a bucket is missing. */
  async start(): Promise<void> {
    const { options } = this.#dependencies;
    this.#logWhatIsNotPolled();
    if (options.creationDelayMs > 0) await systemClock.wait(options.creationDelayMs, new AbortController().signal);
    if (options.metricsPort !== undefined) {
      this.#metricsServer = new MetricsServer(
        () => this.metrics(),
        this.#dependencies.functionMetrics ?? new FunctionMetrics(),
      );
      this.#metricsPort = await this.#metricsServer.listen(options.metricsPort);
    }
    const recovered = await this.#queue.recover();
    this.#queue.start();
    for (const source of this.#kafka) source.start();
    this.#schedules.start();
    const listing = this.#startS3(recovered).then(this.#listing.resolve);
    await Promise.all([...this.#kafka.map((source) => source.polling()), listing]);
  }

  /**
   * Resolves once every source is polling, or has stood still for ten seconds because its topic, broker or bucket is
   * missing. Such a source says what it waits for, and begins when that is there.
   */
  async ready(): Promise<void> {
    const { model, options } = this.#dependencies;
    const buckets = options.s3 === undefined ? [] : new Set(model.notifications.map(({ bucket }) => bucket));
    await Promise.all([
      ...this.#kafka.map((source) =>
        Promise.race([source.polling(), this.#standstills.lasting(sourceTitle(source.mapping))]),
      ),
      ...[...buckets].map((bucket) =>
        Promise.race([this.#listing.promise, this.#standstills.lasting(bucketTitle(bucket))]),
      ),
    ]);
  }

  /** Commits the progress. Batches and events that do not end within `graceMs` are delivered again at the next start. */
  async stop(graceMs = 5_000): Promise<void> {
    this.#schedules.stop();
    await Promise.all([...this.#kafka.map((source) => source.stop(graceMs)), this.#s3?.stop()]);
    await this.#queue.stop(graceMs);
    await Promise.all(this.#destinations.map((destination) => destination.close()));
    await this.#metricsServer?.close();
    this.#standstills.close();
  }

  /** Queues an asynchronous invocation. Resolves with false when the template does not have the function. */
  async enqueue(functionName: string, payload: string): Promise<boolean> {
    if (this.#dependencies.model.functions.find(functionName) === undefined) return false;
    await this.#queue.enqueue(functionName, payload);
    return true;
  }

  /** The port that serves the counters. Undefined when they are not served. */
  get metricsPort(): number | undefined {
    return this.#metricsPort;
  }

  metrics(): MetricsSnapshot {
    for (const source of this.#kafka) source.updateMetrics();
    return {
      mappings: Object.fromEntries(this.#kafka.map(({ mapping, metrics }) => [mapping.id, metrics])),
      asynchronous: { queued: this.#queue.size },
      standstills: this.#standstills.current,
    };
  }

  #createKafkaSources(sender: AwsSender): KafkaEventSource[] {
    const { model, options, invoker, log } = this.#dependencies;
    const memberIds = new MemberIds(options.stateDirectory);
    const client = (options.kafka ?? {}) as Partial<KafkaConfig>;
    return model.mappings
      .filter((mapping) => mapping.enabled)
      .map((mapping) => {
        const destination = failureDestinationOf(mapping, sender, client);
        if (destination !== undefined) this.#destinations.push(destination);
        return new KafkaEventSource({
          mapping,
          invoker,
          ...(destination !== undefined && { destination }),
          memberIds,
          clock: systemClock,
          standstills: this.#standstills,
          log,
          options: { ...options, client },
        });
      });
  }

  #logWhatIsNotPolled(): void {
    const { model, options, log } = this.#dependencies;
    for (const id of model.unsupportedMappings) log.warn('only Kafka mappings are emulated', { mapping: id });
    for (const { resource, event, type } of model.notEmulated) {
      log.warn('SAM: only MSK, SelfManagedKafka, S3, Schedule and ScheduleV2 events are emulated', {
        resource,
        ...(event !== undefined && { event }),
        type,
      });
    }
    for (const { name } of model.functions.external) {
      log.info('a function of another stack is invoked by its name', { function: name });
    }
    for (const { id, enabled } of model.mappings) if (!enabled) log.info('disabled', { mapping: id });
    if (options.s3 === undefined && model.notifications.length > 0) {
      log.warn('buckets of the template are not watched: set custom.eventSources.s3', {
        buckets: [...new Set(model.notifications.map(({ bucket }) => bucket))],
      });
    }
  }

  async #startS3(recovered: readonly QueuedEvent[]): Promise<void> {
    const { model, options, log } = this.#dependencies;
    if (options.s3 === undefined || model.notifications.length === 0) return;
    const { S3Sources: Sources } = await import('./s3/s3-sources.ts');
    this.#s3 = new Sources({
      notifications: model.notifications,
      settings: options.s3,
      eventVersion: options.s3EventVersion,
      stateDirectory: options.stateDirectory,
      queue: this.#queue,
      accountId: model.pseudoParameters.accountId,
      log,
      standstills: this.#standstills,
    });
    await this.#s3.start(recovered);
  }
}

/** Sends to the servers that replace AWS's. Failure objects go to the S3 server of the buckets when no other is set. */
function createSender({ model, options, invoker }: EventSourcesDependencies): AwsSender {
  return new AwsSender({
    endpoints: { ...options.destinationEndpoints, s3: options.destinationEndpoints.s3 ?? options.s3?.endpoint },
    credentials: {
      accessKeyId: options.s3?.accessKeyId ?? 'local',
      secretAccessKey: options.s3?.secretAccessKey ?? 'local',
    },
    region: options.s3?.region ?? model.pseudoParameters.region,
    directory: join(options.stateDirectory, 'destinations'),
    invoker,
  });
}
