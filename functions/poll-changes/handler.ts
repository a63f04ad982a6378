import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { openConditionStore } from '../adapters/dynamodb/open-condition-store.ts';
import { failureReason } from '../core/condition.ts';
import { CHANGES_TOPIC } from '../core/topics.ts';
import type { Clock } from '../ports/clock.ts';
import { conditionsShape, kafkaOf, loadConfig, sourceDatabaseOf } from '../runtime/config.ts';
import { createHandler, type Telemetry } from '../runtime/handler.ts';
import { METRIC } from '../runtime/metrics.ts';
import { systemClock } from '../runtime/system-clock.ts';
import { pollChangesShape } from './config.ts';
import { connectWithRetries } from './connect-with-retries.ts';
import { measureBacklog } from './measure-backlog.ts';
import { POLLER_TIMING, RESERVE_MS } from './timing.ts';
import { createPoller, openConnections, type PollerConnections, type PollerSettings } from './wiring.ts';

const NAME = 'poll-changes';

interface Dependencies extends Telemetry {
  readonly connections: PollerConnections;
  readonly settings: PollerSettings;
  readonly clock: Clock;
}

/** The event of a manual invocation, or of one by the local stack. The event of the schedule has other fields. */
interface PollRequest {
  readonly [field: string]: unknown;
  /** `true`: begin a new snapshot. */
  readonly resnapshot?: unknown;
  /** `true`: no other poller is running, so do not wait for the lease of a killed one to expire. */
  readonly ownerIsDead?: unknown;
}

export const handler = createHandler({
  name: NAME,
  openConditions: () => openConditionStore(loadConfig(conditionsShape, process.env).OFFSET_TABLE),
  connect: async (telemetry): Promise<Dependencies> => {
    const config = loadConfig(pollChangesShape, process.env);
    const connections = await openConnections({
      kafka: kafkaOf(config, NAME),
      topic: CHANGES_TOPIC,
      sourceDatabase: sourceDatabaseOf(config, NAME),
      offsetTable: config.OFFSET_TABLE,
    });
    const settings = {
      leaseMs: config.POLLER_LEASE_MS,
      purgeIntervalMs: config.CDC_PURGE_SECONDS * 1_000,
      retentionHours: config.CDC_RETENTION_HOURS,
      timing: POLLER_TIMING,
    };
    return { ...telemetry, connections, settings, clock: systemClock };
  },
  handle: async ({ connections, settings, clock, logger, metrics }, event: PollRequest | null, context: Context) => {
    const untilMs = clock.monotonicMs() + context.getRemainingTimeInMillis() - RESERVE_MS;
    // Connect before the lease is requested, so that the running poller stops only when its successor is ready.
    const topicState = await connectWithRetries(clock, untilMs, logger, async () => {
      const state = await connections.connectAll();
      if (event?.resnapshot === true) await connections.ledger.requestResnapshot(randomUUID());
      return state;
    });
    const invocation = { clock, logger, topicState, ownerIsDead: event?.ownerIsDead === true };
    const poller = createPoller(connections, invocation, settings);
    // Also when polling fails, because that is when changes wait.
    const result = await poller.run(untilMs).finally(() => addBacklog(connections, { logger, metrics }));
    logger.info('polling ended', { ...result });
    metrics.add(METRIC.changesPublished, result.published);
    metrics.add(METRIC.captureFaults, result.isCaptureBroken ? 1 : 0);
    return result;
  },
});

async function addBacklog({ source, ledger }: PollerConnections, { logger, metrics }: Telemetry): Promise<void> {
  try {
    const waiting = await measureBacklog(source, ledger);
    if (waiting !== null) metrics.add(METRIC.changesWaiting, waiting);
  } catch (error) {
    logger.warn('the changes that wait could not be counted', { reason: failureReason(error) });
  }
}
