import { type DeadLetterOrigin, dlqIdOf, isRecordOrigin } from './dead-letter-origin.ts';
import type { RecordHeaders } from './record-headers.ts';

/** The decoded value of a record on a dead-letter topic. */
export interface Envelope {
  readonly id: string;
  readonly code: string;
  readonly rule: string | null;
  readonly reason: string;
  /** Where the record, row or file that failed last came from. */
  readonly origin: DeadLetterOrigin;
  /** Of the first failure. `at` is ISO 8601; `null` in dead letters of version 0.1.0, which have no times. */
  readonly first: { readonly origin: DeadLetterOrigin; readonly at: string | null };
  readonly at: string | null;
  readonly attempts: number;
  /** Those of the original record; not all of them when `headersCut`. */
  readonly headers: RecordHeaders;
  readonly headersCut: boolean;
  /** The key of the original record; `undefined` when the dead letter does not tell. */
  readonly key: Buffer | null | undefined;
  /** What the dead letter has of it when `cut`. */
  readonly payload: Buffer | null;
  readonly payloadBytes: number | null;
  readonly cut: boolean;
  /** Of the whole payload; `null` without a payload, and in dead letters of version 0.1.0. */
  readonly sha256: string | null;
}

/** Decodes what `encodeDeadLetter` has encoded, whatever its blanks and the order of its fields; `undefined` for others. */
export function decodeEnvelope(value: Buffer): Envelope | undefined {
  const fields = parseObject(value);
  if (fields?.['schema'] !== 1 || typeof fields['cut'] !== 'boolean') return undefined;
  const { code, reason, payloadEncoding, payloadBytes, sha256, at, rule, attempts } = fields;
  const origin = readOrigin(fields['origin']);
  if (typeof code !== 'string' || typeof reason !== 'string' || origin === undefined) return undefined;
  const payload = readPayload(fields['payload'], payloadEncoding);
  if (payload === undefined || !('payloadBytes' in fields)) return undefined;
  const first = readObject(fields['first']);
  const firstOrigin = readOrigin(first?.['origin']) ?? origin;
  return {
    id: dlqIdOf(firstOrigin),
    ...{ code, reason, origin, payload, cut: fields['cut'] },
    rule: textOrNull(rule),
    first: { origin: firstOrigin, at: timeOrNull(first?.['at'] ?? at) },
    at: timeOrNull(at),
    attempts: Number.isSafeInteger(attempts) && Number(attempts) > 0 ? Number(attempts) : 1,
    headers: readHeaders(fields['headers']),
    headersCut: fields['headersCut'] === true,
    key: readKey(fields['key']),
    payloadBytes: typeof payloadBytes === 'number' ? payloadBytes : null,
    sha256: textOrNull(sha256),
  };
}

function parseObject(value: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    return readObject(JSON.parse(value.toString()));
  } catch {
    return undefined;
  }
}

function readObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Record<string, unknown>) : undefined;
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function timeOrNull(value: unknown): string | null {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : null;
}

function readOrigin(value: unknown): DeadLetterOrigin | undefined {
  const origin = readObject(value) as Partial<Record<string, unknown>> | undefined;
  if (origin === undefined) return undefined;
  const { topic, partition, offset, bucket, key, version } = origin;
  const isRecord = typeof topic === 'string' && typeof partition === 'number' && typeof offset === 'string';
  const isFile = typeof bucket === 'string' && typeof key === 'string' && typeof version === 'string';
  return isRecord || isFile ? (origin as unknown as DeadLetterOrigin) : undefined;
}

function readPayload(payload: unknown, encoding: unknown): Buffer | null | undefined {
  if (payload === null && encoding === null) return null;
  if (typeof payload !== 'string') return undefined;
  return encoding === 'utf8' || encoding === 'base64' ? Buffer.from(payload, encoding) : undefined;
}

function readHeaders(value: unknown): RecordHeaders {
  if (!Array.isArray(value)) return [];
  return value.flatMap((header): RecordHeaders => {
    const [name, base64] = Array.isArray(header) ? header : [];
    return typeof name === 'string' && typeof base64 === 'string' ? [[name, Buffer.from(base64, 'base64')]] : [];
  });
}

function readKey(key: unknown): Buffer | null | undefined {
  if (key === null) return null;
  return typeof key === 'string' ? Buffer.from(key, 'base64') : undefined;
}

/** The topic that a redrive publishes to; `null` for a row or a file, which are judged again instead. */
export function destinationOf({ first }: Pick<Envelope, 'first'>): string | null {
  return isRecordOrigin(first.origin) ? first.origin.topic : null;
}
