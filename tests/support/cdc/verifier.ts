import { parseChangeRules } from '../../../functions/core/change-rules.ts';
import type { Comparison } from '../../../functions/core/verification.ts';
import { systemClock } from '../../../functions/runtime/system-clock.ts';
import type { VerifyRequest } from '../../../functions/verify-replica/replica-verifier.ts';
import { openVerifier, type VerifierConnections } from '../../../functions/verify-replica/wiring.ts';
import { databaseUserOf } from '../database-user.ts';
import type { CdcSettings } from './settings.ts';
import { dynamoOptions } from './wiring.ts';

/** The verifier as the function wires it. `group` is that of the pipeline's event source. */
export function openTestVerifier(settings: CdcSettings, group: string): Promise<VerifierConnections> {
  const { topic, deadLetterTopic } = settings;
  return openVerifier({
    kafka: { brokers: settings.brokers, auth: 'none', clientId: 'test-verify' },
    changes: { topic, deadLetterTopic, group },
    sourceDatabase: { url: settings.sourceUrl, user: databaseUserOf('verify-replica'), applicationName: 'test-verify' },
    targetDatabase: { url: settings.targetUrl, user: databaseUserOf('verify-replica'), applicationName: 'test-verify' },
    offsetTable: settings.offsetTable,
    rules: parseChangeRules(settings.rules),
    filter: { departments: new Set(['ECC', 'CIT', 'EMS']), hiredSince: '2010-01-01' },
    clock: systemClock,
    dynamo: dynamoOptions(settings.dynamodbEndpoint),
  });
}

/** All keys once, without a repair. */
export function verifyRequest(overrides: Partial<VerifyRequest> = {}): VerifyRequest {
  return {
    ...{ from: { slice: 0, after: null }, maxSlices: 12, isRepair: false, repairsPerSecond: null },
    pace: 'full',
    ...{ settleMs: 30_000, untilMs: Number.POSITIVE_INFINITY },
    endMs: Number.POSITIVE_INFINITY,
    ...overrides,
  };
}

/** The sum of comparisons of different parts of the keys. */
export function sumComparisons(parts: readonly Comparison[]): Comparison {
  const total = (field: 'rows' | 'ranges' | keyof Omit<Comparison, 'causes' | 'heldBy' | 'samples'>) =>
    parts.reduce((sum, part) => sum + part[field], 0);
  return {
    ...{ rows: total('rows'), ranges: total('ranges'), missing: total('missing'), extra: total('extra') },
    ...{ different: total('different'), held: total('held'), unsettled: total('unsettled') },
    causes: sumCounts(parts.map(({ causes }) => causes)),
    heldBy: sumCounts(parts.map(({ heldBy }) => heldBy)),
    samples: parts.flatMap(({ samples }) => samples),
  };
}

function sumCounts(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((each) => Object.entries(each))) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
