import { parseHeader, RowParser } from '../../../functions/csv/row-parser.ts';
import { RowScanner } from '../../../functions/csv/row-scanner.ts';

function batchOf(text: string) {
  const scanner = new RowScanner();
  scanner.add(Buffer.from(text));
  return scanner.end();
}

describe('RowParser', () => {
  it('parses rows with any number of values, batch by batch', () => {
    const parser = new RowParser(3);
    expect(parser.parse(batchOf('a,b,c\nd\n,,,\n'))).toEqual([['a', 'b', 'c'], ['d'], ['', '', '', '']]);
    const long = 'x'.repeat(10_000);
    expect(parser.parse(batchOf(`${long},y\n`))).toEqual([[long, 'y']]);
    expect(parser.parse(batchOf('z\n'))).toEqual([['z']]);
    expect(parser.parse(batchOf('\n'))).toEqual([]);
  });

  it('fails when csv-parse finds another number of rows than the scanner, because row numbers would be wrong', () => {
    const batch = batchOf('a\nb\n');
    expect(() => new RowParser(1).parse({ ...batch, starts: [0, 2, 4] })).toThrow(
      'expected csv-parse to return 3 rows, got 2: row numbers would be wrong',
    );
  });
});

describe('parseHeader', () => {
  it('parses the first row only', () => {
    expect(parseHeader(batchOf('"a ""1""",b\nc,d\n'))).toEqual(['a "1"', 'b']);
  });

  it('fails when csv-parse finds no row', () => {
    expect(() => parseHeader(batchOf('\n'))).toThrow('csv-parse returned no row for a batch that begins with one');
  });
});
