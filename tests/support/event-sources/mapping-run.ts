import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventSources } from '../../../localstack/event-sources/event-sources.ts';
import { LambdaClient } from '../../../localstack/event-sources/invoke/lambda-client.ts';
import { createLogger } from '../../../localstack/event-sources/logger.ts';
import type { MappingMetrics } from '../../../localstack/event-sources/metrics/mapping-metrics.ts';
import type { MetricsSnapshot } from '../../../localstack/event-sources/metrics/metrics-snapshot.ts';
import { type EventSourcesInput, readOptions } from '../../../localstack/event-sources/options.ts';
import { readTemplate } from '../../../localstack/event-sources/template/template-model.ts';
import { eventually } from '../eventually.ts';
import { createTopic, endpoints } from '../servers.ts';
import { committedOffsets } from './kafka-client.ts';
import { RecordingFunction } from './recording-function.ts';

export const clusterArn = 'arn:aws:kafka:eu-central-1:123456789012:cluster/demo/6357e0b2-0e6a-4b3c-a0b4-70df934c2e31-5';
export const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 1 } };

export interface MappingSettings {
  /** Of the topic that is created when `topic` is absent. */
  readonly partitions?: number;
  readonly topicSettings?: Readonly<Record<string, string>>;
  readonly topic?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly options?: Partial<EventSourcesInput>;
  readonly timeoutSeconds?: number;
}

/** Longer than any test's invocation, so that a stop settles the batches in flight. */
const STOP_GRACE_MS = 20_000;

/** One mapping with its topic and its recording function; `end` stops everything that was started. */
export class MappingRun {
  readonly topic: string;
  readonly groupId: string;
  readonly directory: string;
  readonly fn: RecordingFunction;
  /** What the event sources logged. */
  readonly lines: Record<string, unknown>[] = [];
  readonly #settings: MappingSettings;
  readonly #clients: LambdaClient[] = [];
  readonly #processes: ChildProcess[] = [];
  #sources: EventSources | undefined;

  constructor(topic: string, directory: string, fn: RecordingFunction, settings: MappingSettings) {
    this.topic = topic;
    this.groupId = `group-${topic}`;
    this.directory = directory;
    this.fn = fn;
    this.#settings = settings;
  }

  static async prepare(settings: MappingSettings = {}): Promise<MappingRun> {
    const topic = settings.topic ?? (await createTopic('esm', settings.partitions ?? 1, settings.topicSettings));
    const fn = new RecordingFunction();
    await fn.start();
    return new MappingRun(topic, await mkdtemp(join(tmpdir(), 'event-sources-')), fn, settings);
  }

  template(): Parameters<typeof readTemplate>[0] {
    const { properties = {}, timeoutSeconds = 30 } = this.#settings;
    const selfManaged = properties['SelfManagedEventSource'] !== undefined;
    const group = { ConsumerGroupId: this.groupId };
    return {
      Resources: {
        Fn: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'recording', Timeout: timeoutSeconds } },
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            FunctionName: { 'Fn::GetAtt': ['Fn', 'Arn'] },
            Topics: [this.topic],
            StartingPosition: 'TRIM_HORIZON',
            MaximumBatchingWindowInSeconds: 0,
            ...(selfManaged
              ? { SelfManagedKafkaEventSourceConfig: group }
              : { EventSourceArn: clusterArn, AmazonManagedKafkaEventSourceConfig: group }),
            ...properties,
          },
        },
      },
    };
  }

  /** Resolves when the mapping is polling. */
  async start(): Promise<this> {
    const { options = {} } = this.#settings;
    const brokers = options.brokers ?? [...endpoints().kafka.brokers];
    const read = readOptions({
      brokers,
      stateDirectory: this.directory,
      retryBackoff: { initialMs: 20, maxMs: 20 },
      outageBackoff: { initialMs: 20, maxMs: 50 },
      ...options,
    });
    const model = readTemplate(
      this.template(),
      { region: 'eu-central-1', accountId: '123456789012' },
      { brokers, allowErrorControlsOnDemand: false, maximumFilters: 10, now: Date.now },
    );
    const invoker = new LambdaClient({ endpoint: this.fn.endpoint, coldStartMs: read.coldStartMs });
    this.#clients.push(invoker);
    const log = createLogger('debug', (line) => this.lines.push(JSON.parse(line) as Record<string, unknown>));
    this.#sources = new EventSources({ model, options: read, invoker, log });
    await this.#sources.start();
    return this;
  }

  /** Runs the mapping in its own process, with options of Node. Resolves when it is polling; `end` kills it. */
  async startProcess(execArgv: readonly string[] = []): Promise<ChildProcess> {
    const task = {
      brokers: endpoints().kafka.brokers,
      template: this.template(),
      lambda: this.fn.endpoint,
      directory: this.directory,
    };
    const child = fork(join(import.meta.dirname, 'source-process.ts'), [JSON.stringify(task)], {
      execArgv: [...execArgv],
    });
    this.#processes.push(child);
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the process of the event source ended with ${code} before it was polling`);
    });
    await Promise.race([once(child, 'message'), ended]);
    return child;
  }

  /** As `EventSources.ready`, after `start` was called. */
  async ready(): Promise<void> {
    await this.#started.ready();
  }

  /** What stands still, as the metrics show it. */
  get standstills(): MetricsSnapshot['standstills'] {
    return this.#started.metrics().standstills;
  }

  get #started(): EventSources {
    if (this.#sources === undefined) throw new Error('the mapping was not started');
    return this.#sources;
  }

  get metrics(): MappingMetrics {
    return this.#started.metrics().mappings['Mapping'] as MappingMetrics;
  }

  committedOffsets(): Promise<Record<number, number>> {
    return committedOffsets(this.groupId, this.topic);
  }

  /** Resolves when every partition of the topic is committed up to the offset. */
  async untilCommitted(offset: number, withinMs?: number): Promise<void> {
    const check = async () => {
      const offsets = Object.values(await this.committedOffsets());
      expect(offsets).toEqual(offsets.map(() => offset));
      return offsets.length > 0;
    };
    await eventually(check, withinMs === undefined ? {} : { withinMs });
  }

  async stop(): Promise<void> {
    await this.#sources?.stop(STOP_GRACE_MS);
    this.#sources = undefined;
  }

  async end(): Promise<void> {
    await this.stop();
    await Promise.all(this.#processes.map(kill));
    for (const client of this.#clients) client.close();
    await this.fn.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** As `kill -9`; resolves when the process has ended. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Runs the body with a mapping, and stops it also when the body fails. */
export async function withMapping(settings: MappingSettings, body: (run: MappingRun) => Promise<void>): Promise<void> {
  const run = await MappingRun.prepare(settings);
  try {
    await body(run);
  } finally {
    await run.end();
  }
}
