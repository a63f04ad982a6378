import fc from 'fast-check';
import {
  type DeadLetter,
  deadLetterKey,
  encodeDeadLetter,
  MAX_DEAD_LETTER_PAYLOAD_BYTES,
} from '../../../functions/core/dead-letter.ts';

const origin = { topic: 'employee-salaries', partition: 3, offset: '42' };
const letter = (payload: Uint8Array | null, more: Partial<DeadLetter> = {}): DeadLetter => ({
  code: 'PIPE_SALARY_RECORD',
  reason: 'expected a salary record',
  origin,
  payload,
  ...more,
});
const decode = (payload: Uint8Array | null) => JSON.parse(encodeDeadLetter(letter(payload)));

describe('a dead letter', () => {
  it('tells code, reason, origin and the payload as text', () => {
    expect(decode(Buffer.from('naïve 🙂'))).toEqual({
      schema: 1,
      code: 'PIPE_SALARY_RECORD',
      reason: 'expected a salary record',
      origin,
      payload: 'naïve 🙂',
      payloadEncoding: 'utf8',
      payloadBytes: 11,
      cut: false,
    });
  });

  it('tells a payload that there is none of', () => {
    expect(decode(null)).toMatchObject({ payload: null, payloadEncoding: null, payloadBytes: null, cut: false });
    expect(decode(Buffer.alloc(0))).toMatchObject({ payload: '', payloadEncoding: 'utf8', payloadBytes: 0 });
  });

  it('gives the bytes back, whatever they are', () => {
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

  it('cuts a long text in front of a character, and says so', () => {
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
    ['bytes that are no text', Buffer.from([0xff])],
  ])('fits into a record of 1 MiB when it is full of %s and has a long key', (_, unit) => {
    const payload = Buffer.alloc(10 * MAX_DEAD_LETTER_PAYLOAD_BYTES, unit as never);
    const value = Buffer.byteLength(encodeDeadLetter(letter(payload)));
    for (const keyBytes of [MAX_DEAD_LETTER_PAYLOAD_BYTES, 1_000_000]) {
      const key = deadLetterKey(letter(payload, { key: Buffer.alloc(keyBytes, 'k') }));
      expect(value + (key?.length ?? 0)).toBeLessThan(1_000_000);
    }
  });

  it('has the key of its record', () => {
    expect(deadLetterKey(letter(null, { key: Buffer.from('7') }))).toEqual(Buffer.from('7'));
    expect(deadLetterKey(letter(null, { key: null }))).toBeNull();
    expect(deadLetterKey(letter(null))).toBeNull();
  });
});
