import fc from 'fast-check';
import {
  type DeadLetter,
  deadLetterKey,
  deadLetterOfRecord,
  encodeDeadLetter,
  MAX_DEAD_LETTER_PAYLOAD_BYTES,
} from '../../../functions/core/dead-letter.ts';

const STAMP = { at: '2026-11-26T10:00:00.000Z', sha256: 'ab12', traceparent: '00-1-2-00', group: 'load-salaries' };
const origin = { topic: 'employee-salaries', partition: 3, offset: '42' };
const deadLetter = (payload: Uint8Array | null, more: Partial<DeadLetter> = {}): DeadLetter => ({
  code: 'PIPE_SALARY_RECORD',
  reason: 'expected a salary record',
  origin,
  payload,
  ...more,
});
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

  it('has the key of its record', () => {
    expect(deadLetterKey(deadLetter(null, { key: Buffer.from('7') }))).toEqual(Buffer.from('7'));
    expect(deadLetterKey(deadLetter(null, { key: null }))).toBeNull();
    expect(deadLetterKey(deadLetter(null))).toBeNull();
  });
});
