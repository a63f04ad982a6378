import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../../../functions/adapters/dynamodb/dynamo-client.ts';
import { type ApplierConnections, openApplier } from '../../../functions/apply-changes/wiring.ts';
import { parseChangeRules } from '../../../functions/core/change-rules.ts';
import type { OutgoingRecord } from '../../../functions/core/kafka-record.ts';
import type { ChangePoller } from '../../../functions/poll-changes/change-poller.ts';
import { connectWithRetries } from '../../../functions/poll-changes/connect-with-retries.ts';
import { POLLER_TIMING } from '../../../functions/poll-changes/timing.ts';
import { createPoller, openConnections } from '../../../functions/poll-changes/wiring.ts';
import type { Clock } from '../../../functions/ports/clock.ts';
import type { Logger } from '../../../functions/ports/logger.ts';
import type { RecordPublisher } from '../../../functions/ports/record-publisher.ts';
import { systemClock } from '../../../functions/runtime/system-clock.ts';
import { openReplicaWatch, type WatchConnections } from '../../../functions/watch-replica/wiring.ts';
import { databaseUserOf } from '../database-user.ts';
import { withCallHook } from './call-hook.ts';
import type { CdcSettings } from './settings.ts';

/** A busy machine may take longer than one attempt to connect. */
const CONNECT_WITHIN_MS = 60_000;

export const dynamoOptions = (endpoint: string) => ({
  endpoint,
  region: 'local',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
});

/**
 * For the requests of a test itself. The functions' client repeats a request after 2 s, and only pollers can take a
 * conditional write that happens twice.
 */
export function createPatientDynamoClient(endpoint: string): DynamoDBClient {
  return createDynamoClient({
    ...dynamoOptions(endpoint),
    requestHandler: { connectionTimeout: 30_000, requestTimeout: 60_000 },
  });
}

export interface PollerHooks {
  readonly clock?: Clock;
  /** Before each read of a difference. */
  readonly onRead?: () => void;
  /** After each acknowledged publication. */
  readonly onPublished?: (records: readonly OutgoingRecord[]) => void;
}

/** The poller as the function wires it, on databases and topics of the test's own. */
export async function openPoller(
  settings: CdcSettings,
  logger: Logger,
  { clock = systemClock, onRead = () => {}, onPublished = () => {} }: PollerHooks = {},
): Promise<{ readonly poller: ChangePoller; close(): Promise<void> }> {
  const connections = await openConnections({
    kafka: { brokers: settings.brokers, auth: 'none', clientId: 'test-poller' },
    topic: settings.topic,
    sourceDatabase: { url: settings.sourceUrl, user: databaseUserOf('poll-changes'), applicationName: 'test-poller' },
    offsetTable: settings.offsetTable,
    dynamo: dynamoOptions(settings.dynamodbEndpoint),
  });
  const publisher: RecordPublisher = {
    publish: async (topic, records) => {
      const offsets = await connections.publisher.publish(topic, records);
      onPublished(records);
      return offsets;
    },
  };
  const source = withCallHook(connections.source, ['readDifference'], onRead);
  const connectUntilMs = clock.monotonicMs() + CONNECT_WITHIN_MS;
  const topicState = await connectWithRetries(clock, connectUntilMs, logger, connections.connectAll);
  const poller = createPoller(
    { ...connections, source, publisher },
    { clock, logger, topicState },
    {
      leaseMs: settings.leaseMs,
      purgeIntervalMs: 60_000,
      retentionHours: 168,
      timing: { ...POLLER_TIMING, heartbeatMs: settings.heartbeatMs, captureLookMs: settings.captureLookMs },
    },
  );
  return { poller, close: connections.close };
}

/** The applier as the function wires it, on databases and topics of the test's own. */
export async function openTestApplier(settings: CdcSettings): Promise<ApplierConnections> {
  return openApplier({
    kafka: { brokers: settings.brokers, auth: 'none', clientId: 'test-applier' },
    deadLetterTopic: settings.deadLetterTopic,
    group: 'test-applier',
    targetDatabase: { url: settings.targetUrl, user: databaseUserOf('apply-changes'), applicationName: 'test-applier' },
    rules: parseChangeRules(settings.rules),
  });
}

/** The watch as the function wires it. `group` is that of the pipeline's event source. */
export async function openTestWatch(settings: CdcSettings, group: string, logger: Logger): Promise<WatchConnections> {
  return openReplicaWatch(
    {
      kafka: { brokers: settings.brokers, auth: 'none', clientId: 'test-watch' },
      changes: { topic: settings.topic, group },
      rows: { topic: settings.topic, group, bucket: 'unused' },
      targetDatabase: { url: settings.targetUrl, user: databaseUserOf('watch-replica'), applicationName: 'test-watch' },
      offsetTable: settings.offsetTable,
      dynamo: dynamoOptions(settings.dynamodbEndpoint),
    },
    logger,
    systemClock,
  );
}
