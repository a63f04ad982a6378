import { decodeEnvelope, type Envelope } from './dead-letter-envelope.ts';
import { earlierFailuresOf, ORIGIN_PREFIX, withoutDeadLetterHeaders } from './dead-letter-headers.ts';
import { isRecordOrigin } from './dead-letter-origin.ts';
import { mayOutliveDeletion } from './deletion-memory.ts';
import { InputError } from './errors.ts';
import type { KafkaRecord } from './kafka-record.ts';

/** The SHA-256 of bytes, as hexadecimal text. */
export type Sha256 = (bytes: Uint8Array) => string;

/**
 * Restores the record of a dead letter that a tool has copied to the topic that the record came from, so that the copy is
 * as good as a redrive. Any other record is returned as it is.
 *
 * A dead letter that cannot be restored gets a `fault`: its payload was edited or is cut, it is a row of a file, which only a
 * redrive can judge again, or it is a change of an employee whose deletion the target may have forgotten.
 *
 * @param now of the applier of changes; absent for other records, which no deletion makes obsolete.
 */
export function restoreDeadLetter(record: KafkaRecord, sha256: Sha256, now?: Date): KafkaRecord {
  if (record.value === null || isUsualMessage(record.value)) return record;
  const envelope = decodeEnvelope(record.value);
  if (envelope === undefined) return record;
  const fault = faultOf(envelope, sha256) ?? (now && ageFaultOf(envelope, now));
  // The copy is a new failure, not a repetition of the one in its payload, unless a redrive published the copy itself.
  if (fault !== undefined) return isRedriven(record, envelope) ? { ...record, fault } : withoutFailures(record, fault);
  const { id, first, attempts, key, payload, headers } = envelope;
  return {
    ...record,
    key: key === undefined ? record.key : key,
    value: payload,
    headers,
    returned: { id, first, attempts },
  };
}

/** A tool's copy has the `__dlq.errors.` headers of the dead letter. A record that a redrive published has none. */
function isRedriven({ headers = [] }: KafkaRecord, { id }: Envelope): boolean {
  const isCopy = headers.some(([name]) => name.startsWith(ORIGIN_PREFIX));
  return !isCopy && earlierFailuresOf(headers)?.id !== id;
}

function withoutFailures(record: KafkaRecord, fault: InputError): KafkaRecord {
  const { headers, ...others } = record;
  return { ...others, ...(headers && { headers: withoutDeadLetterHeaders(headers) }), fault };
}

const OPEN_BRACE = 0x7b;
/** Index of the first letter of the second field in `{"schema":1,"epoch":…` and `{"schema":1,"bucket":…`. */
const SECOND_FIELD = 13;
const USUAL_FIELDS = ['e', 'b'].map((letter) => letter.charCodeAt(0));

/** Two bytes tell nearly every record of our own from a dead letter. Parsing each of them would slow down all batches. */
function isUsualMessage(value: Buffer): boolean {
  return value[0] !== OPEN_BRACE || USUAL_FIELDS.includes(value[SECOND_FIELD] ?? 0);
}

function faultOf({ cut, payload, payloadBytes, sha256: expected, first }: Envelope, sha256: Sha256) {
  if (!isRecordOrigin(first.origin)) {
    return new InputError(
      'PIPE_DEAD_LETTER_ROW',
      'expected the dead letter of a record, found that of a row or a file; redrive it with npm run redrive',
    );
  }
  if (cut) {
    return new InputError(
      'PIPE_DEAD_LETTER_CUT',
      'expected a dead letter with its whole payload, found a cut one; redrive it with npm run redrive',
    );
  }
  const isWhole = (payload?.length ?? null) === payloadBytes;
  if (isWhole && (payload === null || expected === null || sha256(payload) === expected)) return undefined;
  return new InputError(
    'PIPE_DEAD_LETTER_EDITED',
    'expected a dead letter with the payload that had failed, found an edited payload; publish an edited record without ' +
      'its dead letter, or redrive the original',
  );
}

function ageFaultOf({ payload, first }: Envelope, now: Date): InputError | undefined {
  if (!mayOutliveDeletion(payload, first.at, now)) return undefined;
  return new InputError(
    'PIPE_DEAD_LETTER_TOO_OLD',
    'expected the dead letter of a change of the last 30 days, found an older one; the target may have forgotten that its ' +
      'employee was deleted, so run "npm run resnapshot" instead',
  );
}
