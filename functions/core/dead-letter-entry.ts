import { decodeEnvelope, type Envelope } from './dead-letter-envelope.ts';
import { type DeadLetterOrigin, dlqIdOf, isRecordOrigin } from './dead-letter-origin.ts';
import { isInt32 } from './int32.ts';
import type { KafkaRecord } from './kafka-record.ts';

/**
 * `open`: it waits. `claimed`: a redrive will publish it. `redriven`: it was published, and its outcome is awaited.
 * `resolved`: it was applied. `parked`: it failed too often, and is redriven only by name. `obsolete`: a newer version of
 * its file has replaced it. `discarded`: an operator gave it up.
 */
export type DeadLetterState = 'open' | 'claimed' | 'redriven' | 'resolved' | 'parked' | 'obsolete' | 'discarded';

/** The states in which something is still to be done. */
export const PENDING_STATES: readonly DeadLetterState[] = ['open', 'claimed', 'redriven', 'parked'];
export const DEAD_LETTER_STATES: readonly DeadLetterState[] = [...PENDING_STATES, 'resolved', 'obsolete', 'discarded'];

/** Smaller: a cause that is mended in steps needs a redrive by name sooner. Larger: a loop repeats more often. */
export const ATTEMPTS_UNTIL_PARKED = 3;

/** The state of a record, row or file that has failed for the given number of times. */
export function stateOfFailure(attempts: number): 'open' | 'parked' {
  return attempts >= ATTEMPTS_UNTIL_PARKED ? 'parked' : 'open';
}

/** The file that a row came from, directly or through a record of it. */
interface SourceFile {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  /** `null` for a whole file. */
  readonly row: number | null;
}

/** What the ledger keeps of a dead letter on a topic. Its texts can be stored in any database. */
export interface DeadLetterEntry {
  readonly id: string;
  /** Where the dead letter is. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly code: string;
  readonly rule: string | null;
  readonly reason: string;
  /** The key of the record as text, at most 200 characters. */
  readonly recordKey: string | null;
  /** Where the record, row or file that failed last came from. */
  readonly origin: DeadLetterOrigin;
  readonly file: SourceFile | null;
  readonly payloadBytes: number | null;
  /** Hexadecimal; of the whole payload. */
  readonly sha256: string | null;
  readonly cut: boolean;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly attempts: number;
}

/** An index of a database holds less than 2,700 bytes. */
const MAX_ID_BYTES = 2_500;
const MAX_KEY_CHARACTERS = 200;
const MAX_CODE_CHARACTERS = 200;
const MAX_REASON_CHARACTERS = 2_000;

/**
 * Reads a record of a dead-letter topic. One that is no dead letter becomes an entry about itself, so that an operator
 * sees it.
 */
export function entryOf(record: KafkaRecord): DeadLetterEntry {
  const envelope = record.value === null ? undefined : decodeEnvelope(record.value);
  const isUsable = envelope !== undefined && Buffer.byteLength(envelope.id) <= MAX_ID_BYTES;
  return isUsable ? { ...placeOf(record), ...failureOf(envelope, record) } : unreadableEntryOf(record);
}

/** The entry of a record of which only the place is known. */
export function unreadableEntryOf(record: KafkaRecord): DeadLetterEntry {
  const place = placeOf(record);
  const { topic, partition, offset } = place;
  const at = timeOf(null, record);
  return {
    ...place,
    id: dlqIdOf({ topic, partition, offset }),
    code: 'PIPE_DEAD_LETTER_UNREADABLE',
    rule: null,
    reason: 'expected a dead letter on this topic, found a record of another kind; discard it',
    ...{ origin: { topic, partition, offset }, file: null, payloadBytes: record.value?.length ?? null },
    ...{ sha256: null, cut: false, firstAt: at, lastAt: at, attempts: 1 },
  };
}

type Place = Pick<DeadLetterEntry, 'topic' | 'partition' | 'offset' | 'recordKey'>;

function placeOf({ topic, partition, offset, key }: KafkaRecord): Place {
  return { topic, partition, offset, recordKey: keyText(key) };
}

function failureOf(envelope: Envelope, record: KafkaRecord): Omit<DeadLetterEntry, keyof Place> {
  const { id, code, rule, reason, origin, payloadBytes, sha256, cut, attempts, first, at } = envelope;
  const lastAt = timeOf(at, record);
  return {
    id: storableText(id),
    code: storableText(code.slice(0, MAX_CODE_CHARACTERS)),
    rule: rule === null ? null : storableText(rule.slice(0, MAX_CODE_CHARACTERS)),
    reason: storableText(reason.slice(0, MAX_REASON_CHARACTERS)),
    origin: storableOrigin(origin),
    file: fileOf(envelope),
    payloadBytes: isInt32(payloadBytes) ? payloadBytes : null,
    sha256: sha256 !== null && /^[0-9a-f]{64}$/.test(sha256) ? sha256 : null,
    cut,
    firstAt: first.at === null ? lastAt : timeOf(first.at, record),
    lastAt,
    attempts: isInt32(attempts) ? attempts : 1,
  };
}

function fileOf({ first, payload, cut }: Envelope): SourceFile | null {
  if (!isRecordOrigin(first.origin)) return sourceFile(first.origin, first.origin.row);
  if (payload === null || cut) return null;
  try {
    // A record of topic employee-salaries. It may be unusable, so nothing is certain.
    const record = JSON.parse(payload.toString()) as Readonly<Record<string, unknown>> | null;
    return record && sourceFile(record, record['rowNumber']);
  } catch {
    return null;
  }
}

const MAX_FILE_TEXT_BYTES = 1_024;

function sourceFile(fields: { bucket?: unknown; key?: unknown; version?: unknown }, row: unknown): SourceFile | null {
  const { bucket, key, version } = fields;
  const isText = (value: unknown): value is string =>
    typeof value === 'string' && Buffer.byteLength(value) <= MAX_FILE_TEXT_BYTES;
  if (!isText(bucket) || !isText(key) || !isText(version)) return null;
  return {
    bucket: storableText(bucket),
    key: storableText(key),
    version: storableText(version),
    row: isInt32(row) ? row : null,
  };
}

/** The key of a record, as the ledger stores it and as a filter compares it. */
export function keyText(key: Buffer | string | null): string | null {
  return key === null
    ? null
    : storableText([...key.toString().slice(0, 2 * MAX_KEY_CHARACTERS)].slice(0, MAX_KEY_CHARACTERS).join(''));
}

/** A text as the ledger has it. PostgreSQL stores neither U+0000 nor half a surrogate pair. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\ufffd');
}

function storableOrigin(origin: DeadLetterOrigin): DeadLetterOrigin {
  const fields = Object.entries(origin).map(([name, value]) => [
    name,
    typeof value === 'string' ? storableText(value) : value,
  ]);
  return Object.fromEntries(fields) as DeadLetterOrigin;
}

/** A time that every database can store; without a usable one, that of the dead letter itself. */
function timeOf(text: string | null, { timestampMs }: KafkaRecord): Date {
  const time = new Date(text ?? timestampMs);
  const year = time.getUTCFullYear();
  return year >= 1970 && year <= 9999 ? time : new Date(Math.max(0, timestampMs));
}
