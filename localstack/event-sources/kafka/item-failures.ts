import type { PolledRecord } from '../model/polled-record.ts';

/** The function's answer with ReportBatchItemFailures: which records failed, or that it makes no sense. */
export type ItemFailures =
  | { readonly kind: 'failed'; readonly records: readonly PolledRecord[] }
  | { readonly kind: 'invalid'; readonly reason: string };

/**
 * Reads `{"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0","offset":5}}]}`.
 * Nothing, null, {} and an empty list mean success; an identifier of another form (the strings of other sources), or of
 * a record that the event does not hold, fails the whole batch.
 */
export function readItemFailures(topic: string, body: string, records: readonly PolledRecord[]): ItemFailures {
  if (body.trim() === '') return { kind: 'failed', records: [] };
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    return { kind: 'invalid', reason: 'the answer is no JSON' };
  }
  if (answer === null) return { kind: 'failed', records: [] };
  if (typeof answer !== 'object' || Array.isArray(answer)) {
    return { kind: 'invalid', reason: 'the answer is no object with batchItemFailures' };
  }
  const failures = (answer as { batchItemFailures?: unknown }).batchItemFailures;
  if (failures === undefined || failures === null) return { kind: 'failed', records: [] };
  if (!Array.isArray(failures)) return { kind: 'invalid', reason: 'batchItemFailures is no list' };
  const byIdentifier = new Map(records.map((record) => [`${topic}-${record.partition}:${record.offset}`, record]));
  const failed = new Set<PolledRecord>();
  for (const failure of failures as unknown[]) {
    const identifier = identifierOf(failure);
    const record = identifier === undefined ? undefined : byIdentifier.get(identifier);
    if (record === undefined) {
      const shown = JSON.stringify(failure)?.slice(0, 200);
      return {
        kind: 'invalid',
        reason: `expected an itemIdentifier {"partition":"${topic}-0","offset":N} of this event, got ${shown}`,
      };
    }
    failed.add(record);
  }
  return { kind: 'failed', records: records.filter((record) => failed.has(record)) };
}

function identifierOf(failure: unknown): string | undefined {
  const identifier = (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier;
  if (typeof identifier !== 'object' || identifier === null) return undefined;
  const { partition, offset } = identifier as { partition?: unknown; offset?: unknown };
  if (typeof partition !== 'string' || typeof offset !== 'number') return undefined;
  return `${partition}:${offset}`;
}
