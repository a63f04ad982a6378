import { encodeDeadLetter } from '../../../functions/core/dead-letter.ts';
import { decodeEnvelope, destinationOf } from '../../../functions/core/dead-letter-envelope.ts';

const RECORD = { topic: 'employee-changes', partition: 3, offset: '42' };
const FILE = { bucket: 'b', key: 'a.csv', version: 'v' };
const AT = '2026-11-26T10:00:00.000Z';
const FIRST = { origin: { ...RECORD, offset: '1' }, at: '2026-11-25T10:00:00.000Z' };

const encoded = JSON.parse(
  String(
    encodeDeadLetter(
      {
        ...{ code: 'PIPE_X', rule: 'salaryAbove', reason: 'expected x', origin: RECORD, key: Buffer.from('7') },
        payload: Buffer.from('abc'),
        headers: [['source', Buffer.from('s')]],
        earlier: { id: 'employee-changes/3/1', first: FIRST, attempts: 2 },
      },
      { at: AT, sha256: 'ab12', traceparent: '00-1-2-00' },
    ).value,
  ),
);
const decode = (changes: object = {}) => decodeEnvelope(Buffer.from(JSON.stringify({ ...encoded, ...changes })));

test('the value of a dead letter is decoded as it was encoded', () => {
  expect(decode()).toEqual({
    ...{ id: 'employee-changes/3/1', code: 'PIPE_X', rule: 'salaryAbove', reason: 'expected x', origin: RECORD },
    ...{ first: FIRST, at: AT, attempts: 3, headers: [['source', Buffer.from('s')]], headersCut: false },
    ...{ key: Buffer.from('7'), payload: Buffer.from('abc'), payloadBytes: 3, cut: false, sha256: 'ab12' },
  });
});

describe('a value is no dead letter', () => {
  it.each([
    ['another schema', { schema: 2 }],
    ['a cut that is neither true nor false', { cut: 'no' }],
    ['a code that is no text', { code: 7 }],
    ['a reason that is no text', { reason: null }],
    ['a payload that is no text', { payload: 7 }],
    ['a missing payload with an encoding', { payload: null }],
    ['a payload without an encoding', { payloadEncoding: null }],
    ['an unknown encoding', { payloadEncoding: 'hex' }],
    ['no payload size', { payloadBytes: undefined }],
    ['an origin that is text', { origin: 'employee-changes/3/42' }],
    ['an origin that is a list', { origin: ['employee-changes', 3, '42'] }],
    ['no origin', { origin: null }],
  ])('with %s', (_, changes) => {
    expect(decode(changes)).toBeUndefined();
  });

  it.each([
    ...Object.keys(RECORD).map((field) => [field, RECORD, field === 'partition' ? '3' : 7] as const),
    ...Object.keys(FILE).map((field) => [field, FILE, 7] as const),
  ])('when the %s of its origin %j is %j', (field, origin, value) => {
    expect(decode({ origin })).toMatchObject({ origin });
    expect(decode({ origin: { ...origin, [field]: value } })).toBeUndefined();
  });
});

describe('a dead letter with an unusable part', () => {
  it.each([
    ['a rule', { rule: 7 }, { rule: null }],
    ['a checksum', { sha256: 7 }, { sha256: null }],
    ['a payload size', { payloadBytes: '3' }, { payloadBytes: null }],
    ['a time', { at: 'yesterday' }, { at: null }],
    ['a time that is no text', { at: 7 }, { at: null }],
    ['a sign of cut headers', { headersCut: 'yes' }, { headersCut: false }],
    ['a key', { key: 7 }, { key: undefined }],
    ['headers', { headers: 'source' }, { headers: [] }],
  ])('leaves %s unknown', (_, changes, found) => {
    expect(decode(changes)).toMatchObject(found);
  });

  it.each([0, -1, 1.5, '2', null])('counts %p attempts as one', (attempts) => {
    expect(decode({ attempts })).toMatchObject({ attempts: 1 });
  });

  it('keeps the other headers', () => {
    const headers = [['a', 'Yg=='], 'c', [7, 'Yg=='], ['d', 7], ['e', '']];
    expect(decode({ headers })).toMatchObject({
      headers: [
        ['a', Buffer.from('b')],
        ['e', Buffer.alloc(0)],
      ],
    });
  });

  it('takes the last failure for the first one', () => {
    const last = { id: 'employee-changes/3/42', first: { origin: RECORD, at: AT } };
    expect(decode({ first: undefined })).toMatchObject(last);
    expect(decode({ first: { origin: 'x' } })).toMatchObject(last);
    expect(decode({ first: { ...FIRST, at: 'x' } })).toMatchObject({ first: { ...FIRST, at: null } });
  });
});

test('a dead letter tells a record without a key from one whose key it does not tell', () => {
  expect(decode({ key: null })).toMatchObject({ key: null });
  expect(decode({ headersCut: true, key: undefined })).toMatchObject({ key: undefined, headersCut: true });
});

test('a record goes back to its topic, a row or a file is judged again', () => {
  expect(destinationOf({ first: FIRST })).toBe('employee-changes');
  expect(destinationOf({ first: { origin: FILE, at: null } })).toBeNull();
});
