import fc from 'fast-check';
import { RowParser } from '../../../functions/transform-csv/csv-rows.ts';
import { type FilePosition, type RecordBatch, RecordScanner } from '../../../functions/transform-csv/record-scanner.ts';
import { readByTable } from './reference-reading.ts';

interface Row {
  readonly values: readonly string[];
  readonly line: number;
  readonly raw: string;
}

interface Reading {
  readonly rows: readonly Row[];
  readonly faultCode: string | null;
  readonly stops: readonly (FilePosition & { readonly rowsBefore: number })[];
}

/** Reads a file as the transformer does, cut into blocks of the given sizes, over and over. */
function readInBlocks(
  file: Buffer,
  blockSizes: readonly number[],
  maxRecordBytes?: number,
  from?: FilePosition,
): Reading {
  const scanner = new RecordScanner(from, maxRecordBytes);
  const parser = new RowParser(3);
  const rows: Row[] = [];
  const stops: (FilePosition & { rowsBefore: number })[] = [];
  const take = (batch: RecordBatch) => {
    const values = parser.parse(batch);
    batch.starts.forEach((start, index) => {
      const raw = file.toString('utf8', batch.byteOffset + start, batch.byteOffset + (batch.ends[index] as number));
      const line = batch.lines[index] as number;
      rows.push({ values: (values[index] as string[]).map((value) => value.trim()), line, raw });
    });
    if (!batch.fault) stops.push({ ...batch.next, rowsBefore: rows.length });
    return batch.fault?.code ?? null;
  };
  let offset = from?.byteOffset ?? 0;
  for (let index = 0; offset < file.length; index += 1) {
    const size = blockSizes[index % blockSizes.length] as number;
    scanner.add(file.subarray(offset, offset + size));
    const faultCode = take(scanner.scan());
    if (faultCode !== null) return { rows, faultCode, stops };
    offset += size;
  }
  return { faultCode: take(scanner.end()), rows, stops };
}

/** Texts made of what CSV readers get wrong. */
const csvText = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom('"', '"', '""', ',', ',', '\n', '\r\n', '\r', ' ', 'a', 'bc', '"x"') },
      { weight: 2, arbitrary: fc.constantFrom('\u00a0', '\u2003', '\u3000', '\uFEFF', '\t', 'é', '€', '😀', '\u2028') },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 5 }) },
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join('').toWellFormed());

/** Texts that are mostly usable: fields well quoted, blanks around them, any line end. */
const usableText = fc
  .array(
    fc.tuple(
      fc.array(
        fc.oneof(
          fc.constantFrom('', 'x', ' x y ', 'a"b', '€'),
          fc
            .tuple(fc.constantFrom('', ' ', '\u3000 '), csvText, fc.constantFrom('', ' ', '\u00a0'))
            .map(([before, text, behind]) => `${before}"${text.replaceAll('"', '""')}"${behind}`),
        ),
        { minLength: 1, maxLength: 4 },
      ),
      fc.constantFrom('\n', '\r\n', '\n\n', '\n \n'),
    ),
    { maxLength: 8 },
  )
  .map((records) => records.map(([fields, lineEnd]) => fields.join(',') + lineEnd).join(''));

const text = fc.tuple(fc.constantFrom('', '\uFEFF'), fc.oneof(csvText, usableText)).map((parts) => parts.join(''));
const blockSizes = fc.oneof(
  fc.constant([1]),
  fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 10 }),
  fc.constant([1_000_000]),
);

describe('reading records wherever blocks are cut', () => {
  it('finds the rows, lines, bytes and faults that the table of edge cases says', () => {
    fc.assert(
      fc.property(text, blockSizes, (content, sizes) => {
        const { rows, faultCode } = readInBlocks(Buffer.from(content), sizes);
        const expected = readByTable(content);
        expect({ rows, faultCode }).toEqual({ rows: expected.rows, faultCode: expected.fault });
      }),
      { numRuns: 1_500 },
    );
  });

  it('refuses a record of a byte too many and takes one of just enough', () => {
    fc.assert(
      fc.property(text, blockSizes, fc.integer({ min: 1, max: 30 }), (content, sizes, maxRecordBytes) => {
        const { rows, faultCode } = readInBlocks(Buffer.from(content), sizes, maxRecordBytes);
        const expected = readByTable(content, maxRecordBytes);
        expect({ rows, faultCode }).toEqual({ rows: expected.rows, faultCode: expected.fault });
      }),
      { numRuns: 1_500 },
    );
  });

  it('goes on from any place between two batches as if it had never stopped', () => {
    fc.assert(
      fc.property(usableText, blockSizes, (content, sizes) => {
        const file = Buffer.from(`head\n${content}`);
        const whole = readInBlocks(file, sizes);
        for (const { rowsBefore, ...position } of whole.stops.slice(0, 4)) {
          if (position.byteOffset === 0) continue;
          const rest = readInBlocks(file, [1_000], undefined, position);
          expect(rest.rows).toEqual(whole.rows.slice(rowsBefore));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('finds bytes that are no UTF-8, wherever they are, and only those', () => {
    const damage = fc.constantFrom(
      [0xff],
      [0xc3],
      [0xe2, 0x82],
      [0xed, 0xa0, 0x80],
      [0xc0, 0xaf],
      [0xf4, 0x90, 0x80, 0x80],
    );
    fc.assert(
      fc.property(usableText, fc.nat(), damage, blockSizes, (content, place, bytes, sizes) => {
        const file = Buffer.from(`${content}x`);
        const at = place % (file.length + 1);
        const damaged = Buffer.concat([file.subarray(0, at), Buffer.from(bytes), file.subarray(at)]);
        const isUtf8 = () => {
          try {
            return new TextDecoder('utf-8', { fatal: true }).decode(damaged) !== null;
          } catch {
            return false;
          }
        };
        const { faultCode } = readInBlocks(damaged, sizes);
        if (isUtf8()) expect(faultCode).not.toBe('PIPE_FILE_ENCODING');
        else expect(faultCode).not.toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});
