import type { FilePosition, RowBatch } from '../../../functions/csv/row-batch.ts';
import { RowParser } from '../../../functions/csv/row-parser.ts';
import { RowScanner } from '../../../functions/csv/row-scanner.ts';

const BLANKS = ' \t\v\f\r\u00a0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'.split('');
/** Characters that share the first bytes of a blank's UTF-8, or look like one. */
const NO_BLANKS = [
  '\u200b',
  '\u2060',
  '\u00b7',
  '\u1681',
  '\u3001',
  '\uff01',
  '\u0085',
  '\u001c',
  '\u000e',
  '\b',
  '\0',
  '.',
];

interface Scan {
  readonly blockSizes?: readonly number[];
  readonly from?: FilePosition;
  readonly maxRowBytes?: number;
}

/** Scans a file, in blocks of different sizes with the same result: each row as its line and values, and the fault. */
function scan(content: string | Buffer, { blockSizes = [1, 2, 3, 7, 1_000_000], ...options }: Scan = {}) {
  const [first, ...others] = blockSizes.map((blockBytes) => scanInBlocks(Buffer.from(content), blockBytes, options));
  for (const other of others) expect(other).toEqual(first);
  return first as ReturnType<typeof scanInBlocks>;
}

function scanInBlocks(bytes: Buffer, blockBytes: number, { from, maxRowBytes }: Omit<Scan, 'blockSizes'>) {
  const scanner = new RowScanner(from, maxRowBytes);
  const parser = new RowParser(2);
  const rows: [number, ...string[]][] = [];
  const take = (batch: RowBatch) => {
    const values = parser.parse(batch);
    for (const [index, line] of batch.lines.entries()) rows.push([line, ...(values[index] ?? [])]);
    return batch;
  };
  for (let at = 0; at < bytes.length; at += blockBytes) {
    scanner.add(bytes.subarray(at, at + blockBytes));
    const { fault } = take(scanner.scan());
    if (fault) return { rows, fault };
  }
  return { rows, fault: take(scanner.end()).fault };
}

const faultOf = (content: string | Buffer, options: Scan = {}) => {
  const { fault } = scan(content, options);
  return fault && { code: fault.code, message: fault.message, line: fault.context['line'] };
};

describe('RowScanner, wherever blocks are cut', () => {
  it.each(BLANKS.map((blank) => [JSON.stringify(blank), blank]))('leaves out %s beside quotes', (_, blank) => {
    const content = `${blank}"a"${blank},${blank}${blank}"b"${blank}${blank}\n${blank}"c"${blank}`;
    expect(scan(content, { from: { byteOffset: 100, line: 5 } })).toMatchObject({
      rows: [
        [5, 'a', 'b'],
        [6, 'c'],
      ],
      fault: null,
    });
  });

  it.each(NO_BLANKS.map((character) => [JSON.stringify(character), character]))(
    'refuses %s after a closing quote',
    (_, character) => {
      const refused = {
        code: 'PIPE_FILE_QUOTE',
        message: 'expected a comma or a line end after a closing quote, got another character at line 3',
        line: 3,
      };
      for (const end of ['', ',b\n', '\n']) {
        expect(faultOf(`x,y\n"a\n" ${character}${end}`)).toEqual(refused);
      }
      expect(scan(`${character}"a",b\n`).rows).toEqual([[1, `${character}"a"`, 'b']]);
    },
  );

  it('keeps blanks, quotes and CRs inside values', () => {
    const content = '" a ""b"" \r\n","",c "d" \r\r\n\r\n \n"e"\r\n';
    expect(scan(content).rows).toEqual([
      [1, ' a "b" \r\n', '', 'c "d" \r'],
      [4, ' '],
      [5, 'e'],
    ]);
  });

  it('ends rows of quoted values, empty values and blanks at LF, CRLF and the end of the file', () => {
    const content = '"a",\n"b" ,\r\n,"c"\n, "d"\r\n" "\n,,\n"e",f\r\n"g"';
    expect(scan(content).rows).toEqual([
      [1, 'a', ''],
      [2, 'b', ''],
      [3, '', 'c'],
      [4, '', 'd'],
      [5, ' '],
      [6, '', '', ''],
      [7, 'e', 'f'],
      [8, 'g'],
    ]);
  });

  it('reports the line at which an open quote begins', () => {
    expect(faultOf('a\n"b\nc", "d\ne\n')).toEqual({
      code: 'PIPE_FILE_QUOTE',
      message: 'expected every quote to be closed, got the end of the file; the open quote is at line 3',
      line: 3,
    });
  });

  it.each([
    ['without quotes', 'x'.repeat(10)],
    ['that is quoted', `"${'x\n'.repeat(4)}"`],
  ])('accepts a row %s of maximum length, with any line end', (_, row) => {
    for (const lineEnd of ['', '\n', '\r\n']) {
      expect(scan(`a\n${row}${lineEnd}`, { maxRowBytes: 10 })).toMatchObject({ fault: null });
    }
  });

  it.each([
    ['without quotes', 'x'.repeat(11)],
    ['that is quoted', `"${'x\n'.repeat(4)}x"`],
    ['that ends in a CR', `${'x'.repeat(10)}\r`],
    ['with text after a closing quote at its end', '"12345678"x'],
    ['with a quote that is never closed', `"${'x\n'.repeat(30)}`],
  ])('refuses a row %s that is a byte too long', (_, row) => {
    expect(faultOf(`a\n\n${row}`, { maxRowBytes: 10 })).toEqual({
      code: 'PIPE_FILE_RECORD_SIZE',
      message:
        'expected rows of at most 10 bytes, got a longer one that begins at line 3; ' +
        'check that row for a quote that is never closed',
      line: 3,
    });
  });

  it('reports text after a closing quote within the maximum length as such', () => {
    for (const rest of ['', 'y'.repeat(100), `\n${'y'.repeat(100)}`]) {
      const fault = faultOf(`a\n"1234567"x${rest}`, { maxRowBytes: 10 });
      expect(fault).toMatchObject({ code: 'PIPE_FILE_QUOTE', line: 2 });
    }
  });

  it('returns the rows before the one that is not UTF-8', () => {
    const content = Buffer.concat([Buffer.from('a\n "b" \n\nc'), Buffer.from([0xff]), Buffer.from('\nd\n')]);
    expect(scan(content).rows).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    const message = 'expected UTF-8, got other bytes in the row at line 4';
    expect(faultOf(content)).toEqual({ code: 'PIPE_FILE_ENCODING', message, line: 4 });
  });

  it('leaves out a byte order mark at the start of the file only', () => {
    expect(scan('\ufeffa\n\ufeffb\n').rows).toEqual([
      [1, 'a'],
      [2, '\ufeffb'],
    ]);
    const from = { byteOffset: 2, line: 2 };
    expect(scan('\ufeffb\n', { from }).rows).toEqual([[2, '\ufeffb']]);
    expect(scan('\ufeff')).toEqual({ rows: [], fault: null });
  });

  it.each(['', 'a', 'ab', '\n', '"', '""'])('reads the short file %j', (content) => {
    const { rows, fault } = scan(content);
    expect(rows).toEqual({ '': [], a: [[1, 'a']], ab: [[1, 'ab']], '\n': [], '"': [], '""': [[1, '']] }[content]);
    expect(fault?.code).toBe(content === '"' ? 'PIPE_FILE_QUOTE' : undefined);
  });
});

describe('RowScanner', () => {
  it('returns the position after the last complete row', () => {
    const scanner = new RowScanner({ byteOffset: 10, line: 4 });
    scanner.add(Buffer.from('a\n"b\n"\nc'));
    expect(scanner.scan()).toMatchObject({ byteOffset: 10, next: { byteOffset: 17, line: 7 }, fault: null });
    scanner.add(Buffer.from('d\n'));
    expect(scanner.scan()).toMatchObject({ byteOffset: 17, lines: [7], next: { byteOffset: 20, line: 8 } });
    expect(scanner.end()).toMatchObject({ byteOffset: 20, lines: [], next: { byteOffset: 20, line: 8 } });
  });

  it('reports a row that is too long before its end, so that its buffer does not grow with the row', () => {
    const scanner = new RowScanner(undefined, 10);
    // A CR, an LF and the bytes of a blank after a quote do not count.
    scanner.add(Buffer.from(`a\n${'x'.repeat(14)}`));
    expect(scanner.scan().fault).toBeNull();
    scanner.add(Buffer.from('x'));
    expect(scanner.scan().fault).toMatchObject({ code: 'PIPE_FILE_RECORD_SIZE', context: { line: 2 } });
  });

  it('leaves the blanks of a row that is not complete to the next batch', () => {
    expect(scan('a\n "b" ,"c"\n', { blockSizes: [8, 9] }).rows).toEqual([
      [1, 'a'],
      [2, 'b', 'c'],
    ]);
  });

  it('returns the place of each row before one that is not UTF-8', () => {
    const scanner = new RowScanner();
    scanner.add(Buffer.from([0x61, 0x0a, 0xff, 0x0a, 0x62, 0x0a]));
    expect(scanner.scan()).toMatchObject({ starts: [0], ends: [1], lines: [1] });
  });

  it('keeps the rows in their order when they exceed its buffer several times', () => {
    const values = Array.from({ length: 300 }, (_, index) => `${index}${'x'.repeat(index * 40)}`);
    const content = values.map((value, index) => (index % 7 === 0 ? ` "${value}" ` : value)).join('\n');
    expect(scan(content, { blockSizes: [65_536, 400_000] }).rows).toEqual(
      values.map((value, index) => [index + 1, value]),
    );
    const long = 'x'.repeat(700_000);
    expect(scan(`a\n${long}\nb\n`, { blockSizes: [65_536] }).rows).toEqual([
      [1, 'a'],
      [2, long],
      [3, 'b'],
    ]);
  });
});
