import fc from 'fast-check';
import { compareSequencers } from '../../../functions/core/sequencer.ts';

const hex = fc.string({ unit: fc.constantFrom(...'0123456789ABCDEF'), minLength: 1, maxLength: 20 });

describe('compareSequencers', () => {
  it.each([
    ['0055AED6DCD90281E5', '0055AED6DCD90281E6', -1],
    ['0055AED6DCD90281E6', '0055AED6DCD90281E5', 1],
    ['0055AED6DCD90281E5', '0055AED6DCD90281E5', 0],
  ])('compares %s and %s digit by digit', (a, b, expected) => {
    expect(compareSequencers(a, b)).toBe(expected);
  });

  it('pads the shorter one on its right, so that more digits alone do not make it newer', () => {
    expect(compareSequencers('0A', '0A00')).toBe(0);
    expect(compareSequencers('0A00', '0A')).toBe(0);
    expect(compareSequencers('0B', '0A99')).toBe(1);
    expect(compareSequencers('0A99', '0B')).toBe(-1);
    expect(compareSequencers('0A', '0A01')).toBe(-1);
  });

  it('ignores the case of digits', () => {
    expect(compareSequencers('00af', '00AF')).toBe(0);
    expect(compareSequencers('00af', '00B0')).toBe(-1);
  });

  it('orders like the hexadecimal fractions 0.a and 0.b', () => {
    fc.assert(
      fc.property(hex, hex, (a, b) => {
        const fraction = (text: string) => BigInt(`0x${text}`) << BigInt(4 * (20 - text.length));
        const expected = fraction(a) < fraction(b) ? -1 : fraction(a) > fraction(b) ? 1 : 0;
        expect(compareSequencers(a, b)).toBe(expected);
      }),
    );
  });
});
