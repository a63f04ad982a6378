import { parseRows } from '../../../functions/csv/parse-rows.ts';

const parse = (...rows: readonly string[]) =>
  parseRows(
    rows.map((row) => Buffer.from(row)),
    3,
  );

describe('single rows', () => {
  it('are parsed as in their file, each by itself', () => {
    expect(parse('a,b,c', '"x,\ny", z ,"q""q"', 'too,few', ' ')).toEqual([
      ['a', 'b', 'c'],
      ['x,\ny', ' z ', 'q"q'],
      ['too', 'few'],
      [' '],
    ]);
    expect(parse()).toEqual([]);
  });

  it('keep a CR at their end, which is data', () => {
    expect(parse('a,b,c\r', 'd,e,f')).toEqual([
      ['a', 'b', 'c\r'],
      ['d', 'e', 'f'],
    ]);
  });

  it('are null when the bytes are not exactly one row, and the others are parsed', () => {
    expect(parse('a,b,c', 'two\nrows', '"open', 'd,e,f', '')).toEqual([
      ['a', 'b', 'c'],
      null,
      null,
      ['d', 'e', 'f'],
      null,
    ]);
  });
});
