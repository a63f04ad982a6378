import { type DeadLetter, encodeDeadLetter } from '../../../functions/core/dead-letter.ts';
import {
  DEAD_LETTER_STATES,
  entryOf,
  keyText,
  PENDING_STATES,
  stateOfFailure,
} from '../../../functions/core/dead-letter-entry.ts';
import type { DeadLetterOrigin } from '../../../functions/core/dead-letter-origin.ts';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';

const STAMP = { at: '2026-11-26T10:00:00.000Z', sha256: 'ab'.repeat(32), traceparent: '00-1-2-00' };
const origin = { topic: 'employee-changes', partition: 3, offset: '42' };
const recordOf = (value: string | null, key: string | null = '7'): KafkaRecord => ({
  ...{ topic: 'employee-changes.dead-letter', partition: 1, offset: '5' },
  timestampMs: Date.parse('2026-11-26T11:00:00Z'),
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
});
const encoded = (more: Partial<DeadLetter> = {}, changes: object = {}) => {
  const deadLetter = { code: 'PIPE_X', reason: 'expected x', origin, payload: Buffer.from('abc'), ...more };
  return JSON.stringify({ ...JSON.parse(String(encodeDeadLetter(deadLetter, STAMP).value)), ...changes });
};
const entry = (more: Partial<DeadLetter> = {}, changes: object = {}) => entryOf(recordOf(encoded(more, changes)));

describe('the entry of a dead letter', () => {
  it('has its place, failure, origin and payload size', () => {
    expect(entry({ rule: 'salaryAbove' })).toEqual({
      id: 'employee-changes/3/42',
      ...{ topic: 'employee-changes.dead-letter', partition: 1, offset: '5' },
      ...{ code: 'PIPE_X', rule: 'salaryAbove', reason: 'expected x', recordKey: '7', origin, file: null },
      ...{ payloadBytes: 3, sha256: STAMP.sha256, cut: false, attempts: 1 },
      ...{ firstAt: new Date(STAMP.at), lastAt: new Date(STAMP.at) },
    });
  });

  it('has the first origin and time of a failure that came back', () => {
    const first = { origin: { ...origin, offset: '1' }, at: '2026-11-20T00:00:00.000Z' };
    expect(entry({ earlier: { id: 'employee-changes/3/1', first, attempts: 2 } })).toMatchObject({
      ...{ id: 'employee-changes/3/1', attempts: 3, origin },
      ...{ firstAt: new Date(first.at), lastAt: new Date(STAMP.at) },
    });
  });

  it.each<[string, DeadLetterOrigin, string | null, number | null]>([
    ['a row', { bucket: 'b', key: 'a.csv', version: 'v', row: 7, line: 9 }, 'x', 7],
    ['a whole file', { bucket: 'b', key: 'a.csv', version: 'v' }, null, null],
    ['a record of a row', origin, '{"schema":1,"bucket":"b","key":"a.csv","version":"v","rowNumber":7}', 7],
  ])('knows the file of %s', (_, from, payload, row) => {
    const { file } = entry({ origin: from, payload: payload === null ? null : Buffer.from(payload) });
    expect(file).toEqual({ bucket: 'b', key: 'a.csv', version: 'v', row });
  });

  it.each(['null', '7', '{"bucket":1}', '{"bucket":"b","key":"k"}', 'x'])('knows no file of %s', (payload) => {
    expect(entry({ payload: Buffer.from(payload) }).file).toBeNull();
  });

  it('has no character that a database cannot store', () => {
    const text = 'a\u0000b\ud800c';
    const bad = entry({ code: text, rule: text, reason: text, origin: { bucket: 'b', key: text, version: 'v' } });
    expect(JSON.stringify(bad)).not.toMatch(/\\u0000|\\ud800/);
    expect(bad).toMatchObject({ code: 'a\ufffdb\ufffdc', origin: { key: 'a\ufffdb\ufffdc' } });
    expect(keyText(Buffer.from([0, 0xff]))).toBe('\ufffd\ufffd');
  });

  it('shortens what an index could not hold', () => {
    const long = entry({ code: 'c'.repeat(5_000), rule: 'l'.repeat(5_000), reason: 'r'.repeat(5_000) });
    expect([long.code.length, long.rule?.length, long.reason.length]).toEqual([200, 200, 2_000]);
    expect(keyText('🙂'.repeat(300))).toBe('🙂'.repeat(200));
    const tooLong = entry({ origin: { bucket: 'b', key: 'k'.repeat(3_000), version: 'v' } });
    expect(tooLong).toMatchObject({ code: 'PIPE_DEAD_LETTER_UNREADABLE', id: 'employee-changes.dead-letter/1/5' });
  });

  it('of version 0.1.0 has the time of its record', () => {
    const old = { rule: undefined, first: undefined, at: undefined, attempts: undefined, sha256: undefined };
    const at = new Date('2026-11-26T11:00:00Z');
    expect(entry({}, old)).toMatchObject({ rule: null, sha256: null, attempts: 1, firstAt: at, lastAt: at });
  });

  it.each([
    ['times', { at: 'yesterday', first: { origin, at: '+275760-09-13T00:00:00.000Z' } }],
    ['numbers', { attempts: -1, payloadBytes: 'x', sha256: 'short' }],
  ])('replaces unusable %s', (_, changes) => {
    const found = entry({}, changes);
    expect(found.attempts).toBe(1);
    expect(found.firstAt).toEqual(found.lastAt);
  });

  it.each([null, '', 'text', '{}', '[]'])('of a record that is none (%j) is about that record', (value) => {
    expect(entryOf(recordOf(value, null))).toMatchObject({
      id: 'employee-changes.dead-letter/1/5',
      code: 'PIPE_DEAD_LETTER_UNREADABLE',
      origin: { topic: 'employee-changes.dead-letter', partition: 1, offset: '5' },
      recordKey: null,
    });
  });
});

describe('the entry leaves out or replaces what a database cannot store', () => {
  const file = { bucket: 'b', key: 'a.csv', version: 'v' };
  const ofFile = (changes: object) => entry({ origin: { ...file, ...changes }, payload: null });
  const ofRow = (fields: object) =>
    entry({ payload: Buffer.from(JSON.stringify({ ...file, rowNumber: 7, ...fields })) });

  it.each([
    [2_500, 'PIPE_X'],
    [2_501, 'PIPE_DEAD_LETTER_UNREADABLE'],
  ])('an id of %i bytes: code %s', (bytes, code) => {
    expect(ofFile({ key: `é${'k'.repeat(bytes - 'b/é@v'.length - 1)}` }).code).toBe(code);
  });

  it.each(['bucket', 'key', 'version'])('a %s of more than 1,024 bytes: no file', (field) => {
    const longest = 'é'.repeat(512);
    expect(ofRow({ [field]: longest }).file).toEqual({ ...file, row: 7, [field]: longest });
    expect(ofRow({ [field]: `${longest}x` }).file).toBeNull();
    expect(ofRow({ [field]: 7 }).file).toBeNull();
  });

  it.each([7.5, '7', 2 ** 31])('row %p: no row', (rowNumber) => {
    expect(ofRow({ rowNumber }).file).toEqual({ ...file, row: null });
  });

  it.each(['bucket', 'key', 'version'])('U+0000 in the %s', (field) => {
    expect(ofFile({ [field]: 'a\u0000' }).file).toEqual({ ...file, [field]: 'a\ufffd', row: null });
  });

  it.each([
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31, null],
  ])('a payload of %i bytes', (payloadBytes, found) => {
    expect(entry({}, { payloadBytes }).payloadBytes).toBe(found);
  });

  it.each([
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31, 1],
  ])('%i attempts', (attempts, found) => {
    expect(entry({}, { attempts }).attempts).toBe(found);
  });

  it.each([`${'a'.repeat(64)}b`, `x${'a'.repeat(64)}`, 'A'.repeat(64), 'a'.repeat(63)])('checksum %s', (sha256) => {
    expect(entry({}, { sha256 }).sha256).toBeNull();
  });

  it.each([
    ['1970-01-01T00:00:00.000Z', true],
    ['1969-12-31T23:59:59.999Z', false],
    ['9999-12-31T23:59:59.999Z', true],
    ['+010000-01-01T00:00:00.000Z', false],
  ])('time %s is kept = %s', (at, isKept) => {
    expect(entry({}, { at }).lastAt).toEqual(isKept ? new Date(at) : new Date('2026-11-26T11:00:00Z'));
  });

  it('a record without a timestamp has the time 1970', () => {
    expect(entryOf({ ...recordOf('none'), timestampMs: -1 }).lastAt).toEqual(new Date(0));
  });
});

describe('the entry of a dead letter of which a part is missing', () => {
  it('has the time of the last failure when that of the first is unusable', () => {
    const found = entry({}, { first: { origin, at: 'yesterday' } });
    expect(found).toMatchObject({ firstAt: new Date(STAMP.at), lastAt: new Date(STAMP.at) });
  });

  it('does not guess the file of a record whose payload is cut or missing', () => {
    const payload = Buffer.from('{"bucket":"b","key":"a.csv","version":"v","rowNumber":7}');
    expect(entry({ payload }).file).not.toBeNull();
    expect(entry({ payload }, { cut: true }).file).toBeNull();
    expect(entry({ payload: null }).file).toBeNull();
  });

  it('keeps numbers of its origin', () => {
    expect(entry({ origin: { bucket: 'b', key: 'k', version: 'v', row: 7, byteRange: [3, 9] } }).origin).toEqual({
      ...{ bucket: 'b', key: 'k', version: 'v', row: 7, byteRange: [3, 9] },
    });
  });

  it('tells an operator of a record that is no dead letter what was found, and what to do', () => {
    const at = new Date('2026-11-26T11:00:00Z');
    const place = { topic: 'employee-changes.dead-letter', partition: 1, offset: '5' };
    expect(entryOf(recordOf('text'))).toEqual({
      ...{ ...place, id: 'employee-changes.dead-letter/1/5', code: 'PIPE_DEAD_LETTER_UNREADABLE', rule: null },
      reason: 'expected a dead letter on this topic, found a record of another kind; discard it',
      ...{ recordKey: '7', origin: place, file: null, payloadBytes: 4, sha256: null, cut: false, attempts: 1 },
      ...{ firstAt: at, lastAt: at },
    });
  });
});

test('a dead letter is pending until it is resolved, obsolete or discarded', () => {
  expect(PENDING_STATES).toEqual(['open', 'claimed', 'redriven', 'parked']);
  expect(DEAD_LETTER_STATES).toEqual([...PENDING_STATES, 'resolved', 'obsolete', 'discarded']);
});

test('a failure is open until its third attempt', () => {
  expect([1, 2, 3, 4].map(stateOfFailure)).toEqual(['open', 'open', 'parked', 'parked']);
});
