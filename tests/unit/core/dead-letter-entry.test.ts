import { type DeadLetter, encodeDeadLetter } from '../../../functions/core/dead-letter.ts';
import { entryOf, keyText, stateOfFailure } from '../../../functions/core/dead-letter-entry.ts';
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
    const long = entry({ code: 'c'.repeat(5_000), reason: 'r'.repeat(5_000) });
    expect([long.code.length, long.reason.length]).toEqual([200, 2_000]);
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

test('a failure is open until its third attempt', () => {
  expect([1, 2, 3, 4].map(stateOfFailure)).toEqual(['open', 'open', 'parked', 'parked']);
});
