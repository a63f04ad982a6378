import type { PolledRecord } from '../../model/polled-record.ts';

/** What the function reported by `ReportBatchItemFailures`: the failed records, or a response that is invalid. */
export type BatchItemFailures =
  | { readonly kind: 'failed'; readonly records: readonly PolledRecord[] }
  | { readonly kind: 'invalid'; readonly reason: string };

/**
 * Reads `{"batchItemFailures":[{"itemIdentifier":{"partition":"topic-0","offset":5}}]}`.
 * An empty body, null, {} and an empty list mean success. An identifier of another form, for instance the string that
 * other event sources use, or of a record that is not in the event, makes the response invalid.
 */
export function readBatchItemFailures(
  topic: string,
  body: string,
  records: readonly PolledRecord[],
): BatchItemFailures {
  if (body.trim() === '') return { kind: 'failed', records: [] };
  let response: unknown;
  try {
    response = JSON.parse(body);
  } catch {
    return { kind: 'invalid', reason: 'expected JSON with batchItemFailures, got text that is not JSON' };
  }
  if (response === null) return { kind: 'failed', records: [] };
  if (typeof response !== 'object' || Array.isArray(response)) {
    return { kind: 'invalid', reason: 'expected an object with batchItemFailures, got another JSON value' };
  }
  const failures = (response as { batchItemFailures?: unknown }).batchItemFailures;
  if (failures === undefined || failures === null) return { kind: 'failed', records: [] };
  if (!Array.isArray(failures)) return { kind: 'invalid', reason: 'expected batchItemFailures to be a list' };
  const recordsById = new Map(records.map((record) => [`${topic}-${record.partition}:${record.offset}`, record]));
  const failed = new Set<PolledRecord>();
  for (const failure of failures as unknown[]) {
    const id = identifierOf(failure);
    const record = id === undefined ? undefined : recordsById.get(id);
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
