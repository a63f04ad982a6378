import { MAX_INT64 } from './change-version.ts';
import { yearOfDatabaseDate } from './database-date.ts';
import type { Change, Employee } from './employee-change.ts';
import { InputError } from './errors.ts';
import { isInt32 } from './int32.ts';
import { parseJsonObject } from './json-object.ts';
import { firstPartition, type KafkaRecord } from './kafka-record.ts';

/** A change and the Kafka record that contains it. */
export interface ReceivedChange<Kind extends Change = Change> {
  readonly change: Kind;
  readonly record: KafkaRecord;
}

/** The limit of `varchar(100)`, which counts characters and not UTF-16 units. */
const MAX_TEXT_CHARACTERS = 100;

/**
 * Decodes a record of topic `employee-changes`. The checks are as strict as the database's types, so that a decoded
 * change is refused only by a constraint.
 *
 * Unknown fields are ignored. A missing field is an error even where `null` is allowed.
 *
 * @throws InputError `PIPE_CHANGE_UNREADABLE`, `PIPE_CHANGE_ACTION`, `PIPE_CHANGE_FIELD` or `PIPE_CHANGE_KEY`, and the fault
 * of the record.
 */
export function decodeChange(record: KafkaRecord): Change {
  if (record.fault) throw record.fault;
  const message = parseJsonObject(record.value, 'PIPE_CHANGE_UNREADABLE', 'a change');
  if (message['schema'] !== 1) throw invalidField('schema', '1');
  const version = { epoch: readInt64(message, 'epoch'), changeId: readInt64(message, 'changeId') };
  if (typeof message['changedAt'] !== 'string') throw invalidField('changedAt', 'a timestamp as text');
  const changedAtMs = instantOf(message['changedAt']);
  const action = message['action'];
  switch (action) {
    case 'INSERT':
    case 'UPDATE':
    case 'DELETE':
      return { ...version, action, employee: readEmployee(message['employee'], record.key), changedAtMs };
    case 'SNAPSHOT':
      return { ...version, action, employee: readEmployee(message['employee'], record.key) };
    case 'TRUNCATE':
      if (message['employee'] !== null) throw invalidField('employee', 'null with TRUNCATE');
      return { ...version, action, changedAtMs };
    case 'SNAPSHOT_END':
      if (message['employee'] !== null) throw invalidField('employee', 'null with SNAPSHOT_END');
      return { ...version, action, partitions: readPartitionCount(message['partitions'], firstPartition(record)) };
    default:
      throw new InputError(
        'PIPE_CHANGE_ACTION',
        'expected field action of a change to be INSERT, UPDATE, DELETE, SNAPSHOT, TRUNCATE or SNAPSHOT_END, ' +
          `got ${typeof action === 'string' ? 'another text' : action === null ? 'null' : typeof action}`,
      );
  }
}

/**
 * The employee and the epoch of a SNAPSHOT record that cannot be decoded, e.g. because its city is too long. `undefined` for
 * any other record, and where the record does not say it.
 */
export function undecodableSnapshot(
  record: KafkaRecord,
): { readonly empId: number; readonly epoch: bigint } | undefined {
  try {
    const message = parseJsonObject(record.value, 'PIPE_CHANGE_UNREADABLE', 'a change');
    const key = record.key?.toString('latin1') ?? '';
    if (message['action'] !== 'SNAPSHOT' || !isInt32(Number(key)) || String(Number(key)) !== key) return undefined;
    return { empId: Number(key), epoch: readInt64(message, 'epoch') };
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}

function readEmployee(value: unknown, key: Buffer | null): Employee {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidField('employee', 'an object');
  const fields = value as Record<string, unknown>;
  const empId = fields['empId'];
  if (!isInt32(empId)) throw invalidField('empId', 'a 32-bit integer');
  if (key === null || key.toString('latin1') !== String(empId)) {
    throw new InputError('PIPE_CHANGE_KEY', `expected the empId of the change as the record key: ${empId}`);
  }
  const salary = fields['salary'];
  if (salary !== null && !isInt32(salary)) throw invalidField('salary', 'a 32-bit integer or null');
  const dob = fields['dob'];
  if (dob !== null && (typeof dob !== 'string' || yearOfDatabaseDate(dob) === undefined)) {
    throw invalidField('dob', 'a date in the format of the database, e.g. 2008-02-29, or null');
  }
  return {
    empId,
    firstName: readNullableText(fields, 'firstName'),
    lastName: readNullableText(fields, 'lastName'),
    dob,
    city: readNullableText(fields, 'city'),
    salary,
  };
}

function readNullableText(fields: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = fields[name];
  if (value === null) return null;
  if (typeof value !== 'string') throw invalidField(name, 'text or null');
  if (value.length > MAX_TEXT_CHARACTERS && [...value].length > MAX_TEXT_CHARACTERS) {
    throw invalidField(name, `text of at most ${MAX_TEXT_CHARACTERS} characters`);
  }
  // PostgreSQL refuses U+0000. A lone surrogate has no UTF-8 encoding and would silently become U+FFFD.
  if (value.includes('\0') || !value.isWellFormed())
    throw invalidField(name, 'text without U+0000 and lone surrogates');
  return value;
}

/** Dates beyond the years 0 to 9999, and infinity, are no instants. */
function instantOf(text: string): number | undefined {
  const ms = text.charCodeAt(10) === LETTER_T ? Date.parse(text) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

const LETTER_T = 0x54;

function readInt64(message: Readonly<Record<string, unknown>>, name: string): bigint {
  const value = message[name];
  if (typeof value === 'string' && /^(?:0|[1-9]\d{0,18})$/.test(value)) {
    const number = BigInt(value);
    if (number <= MAX_INT64) return number;
  }
  throw invalidField(name, `decimal text from 0 to ${MAX_INT64}`);
}

function readPartitionCount(value: unknown, partition: number): number {
  if (isInt32(value) && value > partition) return value;
  throw invalidField('partitions', `an integer above ${partition}, the partition of the record`);
}

function invalidField(field: string, expectation: string): InputError {
  return new InputError('PIPE_CHANGE_FIELD', `expected field ${field} of a change to be ${expectation}`, { field });
}
