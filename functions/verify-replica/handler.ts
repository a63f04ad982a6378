import type { Context } from 'aws-lambda';
import { openConditionStore } from '../adapters/dynamodb/open-condition-store.ts';
import { differenceCount } from '../core/verification.ts';
import { CHANGES_DEAD_LETTER_GROUP, CHANGES_DEAD_LETTER_TOPIC, CHANGES_GROUP, CHANGES_TOPIC } from '../core/topics.ts';
import {
  conditionsShape,
  kafkaOf,
  loadConfig,
  salaryFilterOf,
  sourceDatabaseOf,
  targetDatabaseOf,
} from '../runtime/config.ts';
import { createHandler, type Telemetry } from '../runtime/handler.ts';
import { systemClock } from '../runtime/system-clock.ts';
import { verifyReplicaShape } from './config.ts';
import { type VerifiedParts, type Verifiers, verifyParts } from './verify-parts.ts';
import { openVerifier } from './wiring.ts';

const NAME = 'verify-replica';

/** Reserved at the end of an invocation, for a slice that begins just before, and for repairs until they are applied. */
const RESERVE_MS = 120_000;

/** The end of that time, for storing results and closing connections. Nothing is judged in it. */
const END_RESERVE_MS = 60_000;

interface Dependencies extends Verifiers, Pick<Telemetry, 'logger'> {}

export const handler = createHandler({
  name: NAME,
  openConditions: () => openConditionStore(loadConfig(conditionsShape, process.env).OFFSET_TABLE),
  connect: async ({ logger }): Promise<Dependencies> => {
    const config = loadConfig(verifyReplicaShape, process.env);
    const connections = await openVerifier({
      kafka: kafkaOf(config, NAME),
      changes: {
        ...{ topic: CHANGES_TOPIC, group: CHANGES_GROUP },
        ...{ deadLetterTopic: CHANGES_DEAD_LETTER_TOPIC, deadLetterGroup: CHANGES_DEAD_LETTER_GROUP },
      },
      sourceDatabase: sourceDatabaseOf(config, NAME),
      targetDatabase: targetDatabaseOf(config, NAME),
      offsetTable: config.OFFSET_TABLE,
      rules: config.CDC_RULES,
      filter: salaryFilterOf(config),
      clock: systemClock,
    });
    return { ...connections, logger };
  },
  handle: async ({ logger, replicaVerifier, salaryVerifier }, event: unknown, context: Context) => {
    const timeoutMs = systemClock.monotonicMs() + context.getRemainingTimeInMillis();
    const times = { untilMs: timeoutMs - RESERVE_MS, endMs: timeoutMs - END_RESERVE_MS };
    const result = await verifyParts({ replicaVerifier, salaryVerifier }, event, times);
    for (const { code, message } of result.changes?.obstacles ?? []) logger.warn(message, { code });
    logger.info('verified', summarize(result));
    return result;
  },
});

function summarize({ changes, salaries }: VerifiedParts) {
  return {
    slices: changes?.checked.map(({ slice }) => slice) ?? [],
    differences: changes?.checked.reduce((sum, slice) => sum + differenceCount(slice), 0) ?? 0,
    salaryDifferences: salaries?.differences ?? null,
  };
}
