import { hash } from 'node:crypto';
import fc from 'fast-check';
import { type DeadLetter, deadLetterOfRecord, encodeDeadLetter } from '../../../functions/core/dead-letter.ts';
import { decodeEnvelope, type Envelope } from '../../../functions/core/dead-letter-envelope.ts';
import { headersOfRedriven } from '../../../functions/core/dead-letter-headers.ts';
import { firstPartition, type KafkaRecord } from '../../../functions/core/kafka-record.ts';
import type { RecordHeaders } from '../../../functions/core/record-headers.ts';
import { restoreDeadLetter } from '../../../functions/core/returned-dead-letter.ts';

const sha256 = (bytes: Uint8Array) => hash('sha256', bytes);
const original: KafkaRecord = {
  ...{ topic: 'employee-changes', partition: 3, offset: '42', timestampMs: 7 },
  key: Buffer.from('7'),
  value: Buffer.from('{"schema":1,"epoch":"x"}'),
  headers: [['source', Buffer.from('s')]],
};
const firstAt = '2026-11-25T10:00:00.000Z';
const at = '2026-11-26T10:00:00.000Z';

const encode = (deadLetter: DeadLetter, time = firstAt) =>
  encodeDeadLetter(deadLetter, {
    at: time,
    sha256: deadLetter.payload && sha256(deadLetter.payload),
    traceparent: '00-a-b-00',
    group: 'apply-changes',
  });
const fail = (record: KafkaRecord) => deadLetterOfRecord(record, 'PIPE_CHANGE_FIELD', 'expected a number');

/** What a tool writes to the topic of origin. */
const copyOf = (value: string | Buffer | null, more: Partial<KafkaRecord> = {}): KafkaRecord => ({
  ...{ topic: 'employee-changes', partition: 1, offset: '90', timestampMs: 8, key: null },
  value: value === null ? null : Buffer.from(value),
  ...more,
});
const restore = (record: KafkaRecord) => restoreDeadLetter(record, sha256);
const edit = (changes: object) => JSON.stringify({ ...JSON.parse(String(encode(fail(original)).value)), ...changes });

describe('a dead letter that is copied back', () => {
  it('is the record that failed, with key, value, headers and its history', () => {
    expect(restore(copyOf(encode(fail(original)).value))).toEqual({
      ...copyOf(null),
      key: original.key,
      value: original.value,
      headers: original.headers,
      returned: {
        id: 'employee-changes/3/42',
        first: { origin: { topic: 'employee-changes', partition: 3, offset: '42' }, at: firstAt },
        attempts: 1,
      },
    });
  });

  it('is recognised after a tool has formatted it and reordered its fields', () => {
    const fields = Object.entries(JSON.parse(String(encode(fail(original)).value))).reverse();
    const pretty = JSON.stringify(Object.fromEntries(fields), null, 2);
    expect(restore(copyOf(pretty)).value).toEqual(original.value);
  });

  it('is restored whatever its bytes are', () => {
    fc.assert(
      fc.property(fc.option(fc.uint8Array({ maxLength: 300 })), (bytes) => {
        const value = bytes && Buffer.from(bytes);
        expect(restore(copyOf(encode(fail({ ...original, value })).value)).value).toEqual(value);
      }),
    );
  });

  it('keeps id and first failure and counts the attempts when it fails again', () => {
    const again = encode(fail(restore(copyOf(encode(fail(original)).value))), at);
    const envelope = decodeEnvelope(Buffer.from(String(again.value)));
    expect(envelope).toMatchObject({
      id: 'employee-changes/3/42',
      first: { origin: { offset: '42' }, at: firstAt },
      origin: { partition: 1, offset: '90' },
      attempts: 2,
      at,
      payload: original.value,
      headers: original.headers,
    });
  });

  it('belongs to the partition that it was published to first', () => {
    expect(firstPartition(restore(copyOf(encode(fail(original)).value)))).toBe(3);
    expect(firstPartition(restore(copyOf(encode(fail({ ...original, topic: 'other' })).value)))).toBe(1);
    expect(firstPartition(original)).toBe(3);
  });

  it.each([
    ['PIPE_DEAD_LETTER_EDITED', 'has another payload', edit({ payload: '{"schema":1,"epoch":"y"}' })],
    ['PIPE_DEAD_LETTER_EDITED', 'lacks a part of its payload', edit({ payload: '{', sha256: null })],
    ['PIPE_DEAD_LETTER_EDITED', 'lost its payload', edit({ payload: null, payloadEncoding: null })],
    ['PIPE_DEAD_LETTER_CUT', 'is cut', edit({ cut: true })],
    [
      'PIPE_DEAD_LETTER_ROW',
      'is a row of a file',
      edit({ first: { origin: { bucket: 'b', key: 'k', version: 'v' } } }),
    ],
  ])('is refused as %s when it %s, and remains another failure', (code, _, value) => {
    const refused = restore(copyOf(value));
    expect(refused).toEqual({ ...copyOf(value), fault: expect.objectContaining({ code }) });
    expect(refused.fault?.message).toMatch(/^expected .+, found .+; .*redrive/);
    expect(deadLetterOfRecord(refused, code, 'reason')).toMatchObject({
      origin: { offset: '90' },
      payload: refused.value,
    });
    expect(deadLetterOfRecord(refused, code, 'reason')).not.toHaveProperty('earlier');
  });

  it('and refused stays the same failure when a redrive publishes it, and becomes another one when it is copied', () => {
    const cut = edit({ cut: true });
    const [first, second] = [{ offset: '90' }, { offset: '91' }].map((more) => copyOf(cut, more));
    const refused = encode(deadLetterOfRecord(restore(first as KafkaRecord), 'PIPE_DEAD_LETTER_CUT', 'reason'));
    const { id, first: firstFailure, attempts } = decodeEnvelope(Buffer.from(String(refused.value))) as Envelope;
    expect(id).toBe('employee-changes/1/90');
    const failAgain = (headers: RecordHeaders) =>
      deadLetterOfRecord(restore({ ...(second as KafkaRecord), headers }), 'PIPE_DEAD_LETTER_CUT', 'reason').earlier;
    expect(failAgain(headersOfRedriven({ id, first: firstFailure, attempts }))).toMatchObject({ id, attempts: 1 });
    // The headers of what was cut, and those of a dead letter whose value names another origin than its headers.
    expect(failAgain(encode(fail(original)).headers ?? [])).toBeUndefined();
    expect(failAgain(encode(fail({ ...original, offset: '43' })).headers ?? [])).toBeUndefined();
  });

  it('and refused has only the headers of the record that was copied, or all of a redrive', () => {
    const source = ['source', Buffer.from('s')] as const;
    const cut = (headers: RecordHeaders) => copyOf(edit({ cut: true }), { headers: [...headers, source] });
    const fault = expect.objectContaining({ code: 'PIPE_DEAD_LETTER_CUT' });
    const copied = cut((encode(fail(original)).headers ?? []).filter(([name]) => name !== 'traceparent'));
    expect(restore(copied)).toEqual({ ...copied, headers: [source], fault });
    const first = { origin: { topic: 'employee-changes', partition: 1, offset: '90' }, at: null };
    const redriven = cut(headersOfRedriven({ id: 'employee-changes/1/90', first, attempts: 1 }));
    expect(restore(redriven)).toEqual({ ...redriven, fault });
    // The headers of the failure that the value is about are left from an earlier redrive.
    const left = cut(headersOfRedriven({ id: 'employee-changes/3/42', first, attempts: 1 }));
    expect(restore(left)).toEqual({ ...left, headers: [source], fault });
  });

  describe('of a change that is older than what the target remembers of deletions', () => {
    const DAY_MS = 24 * 60 * 60 * 1_000;
    const change = (changedAt?: Date) => Buffer.from(JSON.stringify({ schema: 1, epoch: '1', changedAt }));
    const daysAgo = (days: number) => new Date(Date.parse(at) - days * DAY_MS);
    const restored = (value: Buffer, failedAt: Date) =>
      restoreDeadLetter(
        copyOf(encode(fail({ ...original, value }), failedAt.toISOString()).value),
        sha256,
        new Date(at),
      );

    it.each([
      ['was changed', daysAgo(31), daysAgo(1)],
      ['failed, and has no time of its own', undefined, daysAgo(31)],
    ])('is refused when it %s too long ago, and is kept as another failure', (_, changedAt, failedAt) => {
      const refused = restored(change(changedAt), failedAt);
      expect(refused).toMatchObject({ fault: { code: 'PIPE_DEAD_LETTER_TOO_OLD' }, offset: '90' });
      expect(refused.fault?.message).toMatch(
        /^expected .+ 30 days, found an older one; .+ run "npm run resnapshot" instead$/,
      );
      const kept = encode(deadLetterOfRecord(refused, 'PIPE_DEAD_LETTER_TOO_OLD', 'why'), new Date(at).toISOString());
      const inner = decodeEnvelope(decodeEnvelope(Buffer.from(String(kept.value)))?.payload ?? Buffer.alloc(0));
      expect(inner?.payload).toEqual(change(changedAt));
      expect(deadLetterOfRecord(refused, 'PIPE_DEAD_LETTER_TOO_OLD', 'why')).not.toHaveProperty('earlier');
    });

    it('is restored when it is young enough, and when the records are no changes', () => {
      expect(restored(change(daysAgo(29)), daysAgo(29)).value).toEqual(change(daysAgo(29)));
      const old = encode(fail({ ...original, value: change(daysAgo(400)) }), daysAgo(400).toISOString());
      expect(restore(copyOf(old.value)).value).toEqual(change(daysAgo(400)));
    });
  });

  it('of version 0.1.0, without times and checksum, is restored with the key of the copy', () => {
    const { schema, code, reason, origin, payload, payloadEncoding, payloadBytes, cut } = JSON.parse(edit({}));
    const value = JSON.stringify({ schema, code, reason, origin, payload, payloadEncoding, payloadBytes, cut });
    const restored = restore(copyOf(value, { key: Buffer.from('9') }));
    expect(restored).toMatchObject({ key: Buffer.from('9'), value: original.value, returned: { attempts: 1 } });
  });
});

describe('a record that is no dead letter', () => {
  it.each(['epoch', 'bucket'])(
    'is known by its second field %s, so that messages of our own are not parsed',
    (field) => {
      const { schema, ...others } = JSON.parse(edit({}));
      const record = copyOf(JSON.stringify({ schema, [field]: 'x', ...others }));
      expect(restore(record)).toBe(record);
    },
  );

  it.each([
    ['no value', null],
    ['an empty value', ''],
    ['a change', '{"schema":1,"epoch":"1","changeId":"2"}'],
    ['text', 'some text'],
    ['text that looks like JSON', '{"schema":1,"code":'],
    ['another object', '{"schema":1,"code":"x","reason":"y","cut":false}'],
    ['a list', '[1]'],
    ['another encoding', edit({ payloadEncoding: 'hex' })],
    ['an unknown origin', edit({ origin: { topic: 'x' }, first: null })],
  ])('is returned as it is with %s', (_, value) => {
    const record = copyOf(value);
    expect(restore(record)).toBe(record);
  });
});
