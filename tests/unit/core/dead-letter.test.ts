import fc from 'fast-check';
import {
  type DeadLetter,
  deadLetterKey,
  deadLetterOfRecord,
  encodeDeadLetter,
  MAX_DEAD_LETTER_PAYLOAD_BYTES,
} from '../../../functions/core/dead-letter.ts';
import type { RecordHeaders } from '../../../functions/core/record-headers.ts';

const STAMP = { at: '2026-11-26T10:00:00.000Z', sha256: 'ab12', traceparent: '00-1-2-00', group: 'load-salaries' };
const origin = { topic: 'employee-salaries', partition: 3, offset: '42' };
const deadLetter = (payload: Uint8Array | null, more: Partial<DeadLetter> = {}): DeadLetter => ({
  code: 'PIPE_SALARY_RECORD',
  reason: 'expected a salary record',
  origin,
  payload,
  ...more,
});
const texts = (headers: RecordHeaders = []) =>
  Object.fromEntries(headers.map(([name, value]) => [name, String(value)]));
const decode = (payload: Uint8Array | null) => JSON.parse(String(encodeDeadLetter(deadLetter(payload), STAMP).value));

describe('a dead letter', () => {
  it('contains code, reason, origin and the payload as text', () => {
    expect(decode(Buffer.from('naïve 🙂'))).toEqual({
      schema: 1,
      code: 'PIPE_SALARY_RECORD',
      rule: null,
      reason: 'expected a salary record',
      origin,
      first: { origin, at: STAMP.at },
      at: STAMP.at,
      attempts: 1,
      headers: [],
      key: null,
      payload: 'naïve 🙂',
      payloadEncoding: 'utf8',
      payloadBytes: 11,
      cut: false,
      sha256: 'ab12',
    });
  });

  it('distinguishes a missing payload from an empty one', () => {
    expect(decode(null)).toMatchObject({ payload: null, payloadEncoding: null, payloadBytes: null, cut: false });
    expect(decode(Buffer.alloc(0))).toMatchObject({ payload: '', payloadEncoding: 'utf8', payloadBytes: 0 });
  });

  it('preserves any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { payload, payloadEncoding } = decode(bytes);
        expect(Buffer.from(payload, payloadEncoding)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('keeps a byte order mark', () => {
    const bytes = Buffer.from('\uFEFFa');
    const { payload, payloadEncoding } = decode(bytes);
    expect(Buffer.from(payload, payloadEncoding)).toEqual(bytes);
  });

  it('cuts a long text between two characters, and is marked as cut', () => {
    const bytes = Buffer.from(`a${'é'.repeat(MAX_DEAD_LETTER_PAYLOAD_BYTES)}`);
    const { payload, payloadEncoding, payloadBytes, cut } = decode(bytes);
    expect({ payloadEncoding, payloadBytes, cut }).toEqual({
      payloadEncoding: 'utf8',
      payloadBytes: bytes.length,
      cut: true,
    });
    expect(payload).toBe(`a${'é'.repeat(MAX_DEAD_LETTER_PAYLOAD_BYTES / 2 - 1)}`);
  });

  it.each([
    ['text', 'x'],
    ['quotes', '"'],
    ['control characters', '\u0001'],
    ['emoji', '🙂'],
    ['bytes that are not UTF-8', Buffer.from([0xff])],
  ])('fits into a record of 1 MiB when it is full of %s and has a long key', (_, unit) => {
    const payload = Buffer.alloc(10 * MAX_DEAD_LETTER_PAYLOAD_BYTES, unit as never);
    const value = Buffer.byteLength(String(encodeDeadLetter(deadLetter(payload), STAMP).value));
    for (const keyBytes of [MAX_DEAD_LETTER_PAYLOAD_BYTES, 1_000_000]) {
      const key = deadLetterKey(deadLetter(payload, { key: Buffer.alloc(keyBytes, 'k') }));
      expect(value + (key?.length ?? 0)).toBeLessThan(1_000_000);
    }
  });

  it.each([
    [MAX_DEAD_LETTER_PAYLOAD_BYTES, false],
    [MAX_DEAD_LETTER_PAYLOAD_BYTES + 1, true],
  ])('with a payload of %i bytes has cut = %s', (length, isCut) => {
    const { payload, payloadBytes, cut } = decode(Buffer.alloc(length, 'x'));

    expect({ payloadBytes, cut, kept: payload.length }).toEqual({
      payloadBytes: length,
      cut: isCut,
      kept: MAX_DEAD_LETTER_PAYLOAD_BYTES,
    });
  });

  it('loses at most the bytes of one character to the cut, also when the bytes are not text', () => {
    const { payload } = decode(Buffer.alloc(2 * MAX_DEAD_LETTER_PAYLOAD_BYTES, 0x80));

    expect(Buffer.from(payload, 'base64')).toHaveLength(MAX_DEAD_LETTER_PAYLOAD_BYTES - 4);
  });

  it('is base64 when its text would take more than twice its size as JSON', () => {
    expect(decode(Buffer.from('""'))).toMatchObject({ payload: '""', payloadEncoding: 'utf8' });
    expect(decode(Buffer.from('"\u0001'))).toMatchObject({ payload: 'IgE=', payloadEncoding: 'base64' });
  });

  it('has the rule that is violated, and the history of a record that failed before', () => {
    const first = { origin: { ...origin, offset: '1' }, at: '2026-11-20T10:00:00.000Z' };
    const earlier = { id: 'employee-salaries/3/1', first, attempts: 2 };
    const { value, headers } = encodeDeadLetter(deadLetter(null, { rule: 'salaryAbove', earlier }), STAMP);
    expect(JSON.parse(String(value))).toMatchObject({ rule: 'salaryAbove', origin, first, at: STAMP.at, attempts: 3 });
    expect(texts(headers)).toMatchObject({
      ...{ 'dlq.id': earlier.id, 'dlq.attempts': '3', 'dlq.first-at': first.at, 'dlq.last-at': STAMP.at },
      '__dlq.errors.group': 'load-salaries',
    });
  });

  it('continues the trace of its record, or begins the one of its stamp', () => {
    const trace: RecordHeaders = [['traceparent', Buffer.from('00-of-record-00')]];
    const traceOf = (more: Partial<DeadLetter>) => texts(encodeDeadLetter(deadLetter(null, more), STAMP).headers);
    expect(traceOf({})).toMatchObject({ traceparent: STAMP.traceparent });
    expect(traceOf({ headers: trace })).toMatchObject({ traceparent: '00-of-record-00' });
  });

  it('keeps the first 16 KiB of the original headers, and is marked when there were more', () => {
    const header = (name: string, length: number) => [name, Buffer.alloc(length, 'x')] as const;
    const kept = (headers: RecordHeaders) => {
      const { value } = encodeDeadLetter(deadLetter(null, { headers }), STAMP);
      const decoded = JSON.parse(String(value));
      return [decoded.headers.map(([name]: [string]) => name), decoded.headersCut];
    };
    expect(kept([header('é', 16_000), header('b', 381)])).toEqual([['é', 'b'], undefined]);
    expect(kept([header('é', 16_000), header('b', 382)])).toEqual([['é'], true]);
    expect(kept([header('a', 20_000), header('b', 1)])).toEqual([[], true]);
  });

  it('repeats a key of up to 16 KiB in its value', () => {
    const keyOf = (key: Uint8Array | null) =>
      JSON.parse(String(encodeDeadLetter(deadLetter(null, { key }), STAMP).value)).key;
    const longest = Buffer.alloc(16 * 1024, 'k');
    expect(keyOf(longest)).toBe(longest.toString('base64'));
    expect(keyOf(Buffer.alloc(16 * 1024 + 1, 'k'))).toBeUndefined();
    expect(keyOf(null)).toBeNull();
  });

  it('has a key of up to the greatest payload, and leaves out a longer one', () => {
    const longest = Buffer.alloc(MAX_DEAD_LETTER_PAYLOAD_BYTES, 'k');

    expect(deadLetterKey(deadLetter(null, { key: longest }))).toEqual(longest);
    expect(deadLetterKey(deadLetter(null, { key: Buffer.concat([longest, Buffer.from('k')]) }))).toBeNull();
  });

  it('of a Kafka record has its key, value and offset', () => {
    const record = { topic: 't', partition: 3, offset: '42', timestampMs: 7, key: Buffer.from('k'), value: null };

    expect(deadLetterOfRecord(record, 'PIPE_X', 'expected a value')).toEqual({
      code: 'PIPE_X',
      reason: 'expected a value',
      origin: { topic: 't', partition: 3, offset: '42' },
      key: Buffer.from('k'),
      payload: null,
    });
  });

  it('of a Kafka record has the rule that it violates, and its headers', () => {
    const headers: RecordHeaders = [['source', Buffer.from('s')]];
    const record = { topic: 't', partition: 3, offset: '42', timestampMs: 7, key: null, value: null, headers };

    expect(deadLetterOfRecord(record, 'PIPE_X', 'expected more', 'salaryAbove')).toEqual({
      ...{ code: 'PIPE_X', reason: 'expected more', rule: 'salaryAbove', headers },
      ...{ origin: { topic: 't', partition: 3, offset: '42' }, key: null, payload: null },
    });
  });

  it('has the key of its record', () => {
    expect(deadLetterKey(deadLetter(null, { key: Buffer.from('7') }))).toEqual(Buffer.from('7'));
    expect(deadLetterKey(deadLetter(null, { key: null }))).toBeNull();
    expect(deadLetterKey(deadLetter(null))).toBeNull();
  });
});
