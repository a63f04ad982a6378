import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../../localstack/event-sources/clock.ts';
import type { FetchControl } from '../../../../localstack/event-sources/kafka/consumer/group-consumer.ts';
import { MemberIds } from '../../../../localstack/event-sources/kafka/consumer/member-ids.ts';
import { BatchDelivery } from '../../../../localstack/event-sources/kafka/delivery/batch-delivery.ts';
import { KafkaEventSerializer } from '../../../../localstack/event-sources/kafka/event/kafka-event-serializer.ts';
import { MappingPipeline } from '../../../../localstack/event-sources/kafka/mapping-pipeline.ts';
import { MappingMetrics } from '../../../../localstack/event-sources/metrics/mapping-metrics.ts';
import type { InvocationOutcome } from '../../../../localstack/event-sources/model/invocation.ts';
import type { KafkaMapping } from '../../../../localstack/event-sources/model/kafka-mapping.ts';
import { readOptions } from '../../../../localstack/event-sources/options.ts';
import { RecordedStandstills } from '../recorded-standstills.ts';
import { FakeGroup } from './fake-group.ts';
import { kafkaMapping, silentLog } from './fixtures.ts';

export const success: InvocationOutcome = { kind: 'success', statusCode: 200, body: 'null', requestId: 'r' };
export const threw: InvocationOutcome = { ...success, kind: 'functionError', functionError: 'Unhandled' };

let directory: string;

/** Gives each test of a file fake timers, and a directory for the member ids. */
export function usePipelines(): void {
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'mapping-pipeline-'));
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
    rmSync(directory, { recursive: true });
  });
}

/** A pipeline that has joined its group, with a function whose invocations the test ends. */
export async function joined(properties: Partial<KafkaMapping> = {}) {
  const mapping = kafkaMapping(properties);
  const metrics = new MappingMetrics();
  const invocations: { offsets: number[]; end(outcome: InvocationOutcome | Error): Promise<void> }[] = [];
  const restarts: unknown[] = [];
  const flow: string[] = [];
  const fetching: FetchControl = {
    pause: () => flow.push('pause'),
    resume: () => flow.push('resume'),
    restart: (reason) => restarts.push(reason),
  };
  const dependencies = {
    standstills: new RecordedStandstills(),
    mapping,
    metrics,
    fetching,
    clock: systemClock,
    log: silentLog,
    options: readOptions({}),
    serializer: new KafkaEventSerializer(mapping),
    memberIds: new MemberIds(directory),
    invoker: {
      invoke: ({ payload }: { payload: string }) =>
        new Promise<InvocationOutcome>((resolve, reject) => {
          const { records } = JSON.parse(payload) as { records: Record<string, { offset: number }[]> };
          const end = (outcome: InvocationOutcome | Error) => {
            if (outcome instanceof Error) reject(outcome);
            else resolve(outcome);
            return settle();
          };
          invocations.push({ offsets: (records['t-0'] ?? []).map(({ offset }) => offset), end });
        }),
    },
  };
  const pipeline = new MappingPipeline({ ...dependencies, delivery: new BatchDelivery(dependencies) });
  const group = new FakeGroup({ 0: 0 });
  await pipeline.beforeJoin(group);
  await pipeline.afterJoin(group);
  group.commits.length = 0;
  flow.length = 0;
  return { pipeline, group, metrics, invocations, restarts, flow };
}

export const settle = () => jest.advanceTimersByTimeAsync(0);

/** A batch of kafkajs with records at the offsets; `{"n":OFFSET}` is the value. */
export function fetched(...offsets: number[]) {
  const messages = offsets.map((offset) => ({
    offset: String(offset),
    timestamp: '0',
    key: null,
    value: Buffer.from(JSON.stringify({ n: offset })),
    headers: {},
  }));
  return {
    topic: 't',
    partition: 0,
    highWatermark: '100',
    messages,
    firstOffset: () => String(offsets[0]),
    lastOffset: () => String(offsets.at(-1)),
  } as unknown as Parameters<MappingPipeline['recordsFetched']>[0];
}
