import { encodeDeadLetter } from '../../../functions/core/dead-letter.ts';
import { shownPayload } from '../../../functions/dashboard/shown-payload.ts';

const STAMP = { at: '2026-11-26T10:00:00.000Z', sha256: null, traceparent: '00-1-2-00' };
const shown = (payload: string | Uint8Array | null) => {
  const origin = { topic: 'employee-changes', partition: 3, offset: '42' };
  const bytes = payload === null ? null : Buffer.from(payload as never);
  const { value } = encodeDeadLetter({ code: 'PIPE_X', reason: 'expected x', origin, payload: bytes }, STAMP);
  return shownPayload(Buffer.from(String(value)));
};

describe('the payload of a dead letter is shown', () => {
  it('as text, when it is text', () => {
    expect(shown('naïve')).toEqual({ text: 'naïve', encoding: 'utf8', isCut: false });
    expect(shown('')).toEqual({ text: '', encoding: 'utf8', isCut: false });
  });

  it('in base64, when it is none', () => {
    expect(shown(Buffer.from([0xff]))).toEqual({ text: '/w==', encoding: 'base64', isCut: false });
    expect(shown(Buffer.from('aé').subarray(0, 2))).toMatchObject({ encoding: 'base64', isCut: false });
  });

  it('up to 4,096 bytes', () => {
    expect(shown('x'.repeat(4_096))).toMatchObject({ text: 'x'.repeat(4_096), isCut: false });
    expect(shown('x'.repeat(4_097))).toMatchObject({ text: 'x'.repeat(4_096), isCut: true });
    const bytes = Buffer.alloc(5_000, 0xff);
    expect(shown(bytes)).toMatchObject({ text: bytes.subarray(0, 4_096).toString('base64'), encoding: 'base64' });
  });

  it.each([1, 2, 3])('without the part of a character at its end, of which %i bytes are shown', (bytes) => {
    const start = 'x'.repeat(4_096 - bytes);
    expect(shown(`${start}🙂`)).toEqual({ text: start, encoding: 'utf8', isCut: true });
  });

  it('as the beginning, when the dead letter has no more', () => {
    expect(shown('x'.repeat(300_000))).toMatchObject({ isCut: true });
    const { value } = encodeDeadLetter(
      { code: 'PIPE_X', reason: 'r', origin: { topic: 't', partition: 0, offset: '1' }, payload: Buffer.from('abc') },
      STAMP,
    );
    const cut = { ...JSON.parse(String(value)), cut: true };
    expect(shownPayload(Buffer.from(JSON.stringify(cut)))).toEqual({ text: 'abc', encoding: 'utf8', isCut: true });
  });

  it('not at all without one', () => {
    expect(shown(null)).toBeNull();
    expect(shownPayload(null)).toBeNull();
  });

  it('as the whole record, when that is no dead letter', () => {
    expect(shownPayload(Buffer.from('text'))).toEqual({ text: 'text', encoding: 'utf8', isCut: false });
  });
});
