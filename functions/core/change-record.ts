import { GREATEST_BIGINT } from './change-version.ts';
import { yearOfDatabaseDate } from './database-date.ts';
import type { Change, Employee } from './employee-change.ts';
import { InputError } from './errors.ts';
import { isInt32 } from './int32.ts';
import { parseJsonObject } from './json-object.ts';
import type { KafkaRecord } from './kafka-record.ts';

/** A change together with the Kafka record that brought it. */
export interface ReceivedChange<Kind extends Change = Change> {
  readonly change: Kind;
  readonly record: KafkaRecord;
}

/** What `varchar(100)` holds, in characters, not in UTF-16 units. */
const MAX_TEXT_CHARACTERS = 100;

/**
 * Reads a record of topic `employee-changes`, so strictly that the database takes what passes.
 *
 * Unknown fields are ignored, missing ones are not: an absent nullable field is as wrong as a number in its place.
 *
 * @throws InputError `PIPE_CHANGE_UNREADABLE`, `PIPE_CHANGE_ACTION`, `PIPE_CHANGE_FIELD` or `PIPE_CHANGE_KEY`.
 */
export function decodeChange(record: KafkaRecord): Change {
  const message = parseJsonObject(record.value, 'PIPE_CHANGE_UNREADABLE', 'a change');
  if (message['schema'] !== 1) throw wrong('schema', '1');
  const version = { epoch: int64(message, 'epoch'), changeId: int64(message, 'changeId') };
  if (typeof message['changedAt'] !== 'string') throw wrong('changedAt', 'an instant as text');
  const action = message['action'];
  switch (action) {
    case 'INSERT':
    case 'UPDATE':
    case 'DELETE':
    case 'SNAPSHOT':
      return { ...version, action, employee: employee(message['employee'], record.key) };
    case 'TRUNCATE':
      if (message['employee'] !== null) throw wrong('employee', 'null with TRUNCATE');
      return { ...version, action };
    case 'SNAPSHOT_END':
      if (message['employee'] !== null) throw wrong('employee', 'null with SNAPSHOT_END');
      return { ...version, action, partitions: partitions(message['partitions'], record.partition) };
    default:
      throw new InputError(
        'PIPE_CHANGE_ACTION',
        'field action of a change must be INSERT, UPDATE, DELETE, SNAPSHOT, TRUNCATE or SNAPSHOT_END, ' +
          `not ${typeof action === 'string' ? 'another text' : action === null ? 'null' : typeof action}`,
      );
  }
}

function employee(value: unknown, key: Buffer | null): Employee {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('employee', 'an object');
  const fields = value as Record<string, unknown>;
  const empId = fields['empId'];
  if (!isInt32(empId)) throw wrong('empId', 'a whole number of 32 bits');
  if (key === null || key.toString('latin1') !== String(empId)) {
    throw new InputError('PIPE_CHANGE_KEY', `the key of the record must be the text of its empId, ${empId}`);
  }
  const salary = fields['salary'];
  if (salary !== null && !isInt32(salary)) throw wrong('salary', 'a whole number of 32 bits or null');
  const dob = fields['dob'];
  if (dob !== null && (typeof dob !== 'string' || yearOfDatabaseDate(dob) === undefined)) {
    throw wrong('dob', 'a day of the calendar as the database writes it, e.g. 2008-02-29, or null');
  }
  return {
    empId,
    firstName: nullableText(fields, 'firstName'),
    lastName: nullableText(fields, 'lastName'),
    dob,
    city: nullableText(fields, 'city'),
    salary,
  };
}

function nullableText(fields: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = fields[name];
  if (value === null) return null;
  if (typeof value !== 'string') throw wrong(name, 'a text or null');
  if (value.length > MAX_TEXT_CHARACTERS && [...value].length > MAX_TEXT_CHARACTERS) {
    throw wrong(name, `a text of at most ${MAX_TEXT_CHARACTERS} characters`);
  }
  // The database stores neither U+0000 nor half a surrogate pair; the latter would be replaced without a word.
  if (value.includes('\0') || !value.isWellFormed()) throw wrong(name, 'a text without U+0000 and lone surrogates');
  return value;
}

function int64(message: Readonly<Record<string, unknown>>, name: string): bigint {
  const value = message[name];
  if (typeof value === 'string' && /^(?:0|[1-9]\d{0,18})$/.test(value)) {
    const number = BigInt(value);
    if (number <= GREATEST_BIGINT) return number;
  }
  throw wrong(name, `decimal text from 0 to ${GREATEST_BIGINT}`);
}

function partitions(value: unknown, partition: number): number {
  if (isInt32(value) && value > partition) return value;
  throw wrong('partitions', `a whole number above ${partition}, the partition of the record`);
}

function wrong(field: string, expectation: string): InputError {
  return new InputError('PIPE_CHANGE_FIELD', `field ${field} of a change must be ${expectation}`, { field });
}
