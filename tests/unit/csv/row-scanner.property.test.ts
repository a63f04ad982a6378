import fc from 'fast-check';
import type { FilePosition, RowBatch } from '../../../functions/csv/row-batch.ts';
import { RowParser } from '../../../functions/csv/row-parser.ts';
import { RowScanner } from '../../../functions/csv/row-scanner.ts';
import { propertyRuns } from '../../support/property-runs.ts';
import { readSlowly } from './reference-reader.ts';

interface Row {
  readonly values: readonly string[];
  readonly line: number;
  readonly raw: string;
}

interface ReadResult {
  readonly rows: readonly Row[];
  readonly faultCode: string | null;
  readonly stops: readonly (FilePosition & { readonly rowsBefore: number })[];
}

/** Reads a file as the transformer does, in blocks of the given sizes, which repeat until the end of the file. */
function readInBlocks(
  file: Buffer,
  blockSizes: readonly number[],
  maxRowBytes?: number,
  from?: FilePosition,
): ReadResult {
  const scanner = new RowScanner(from, maxRowBytes);
  const parser = new RowParser(3);
  const rows: Row[] = [];
  const stops: (FilePosition & { rowsBefore: number })[] = [];
  const take = (batch: RowBatch) => {
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

/** Texts made of characters that CSV readers often handle wrongly. */
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

/** Texts that are mostly usable: well quoted values, blanks around them, any line end. */
const usableText = fc
  .array(
    fc.tuple(
      fc.array(
        fc.oneof(
          fc.constantFrom('', 'x', ' x y ', 'a"b', '€'),
          fc
            .tuple(fc.constantFrom('', ' ', '\u3000 '), csvText, fc.constantFrom('', ' ', '\u00a0'))
            .map(([before, text, after]) => `${before}"${text.replaceAll('"', '""')}"${after}`),
        ),
        { minLength: 1, maxLength: 4 },
      ),
      fc.constantFrom('\n', '\r\n', '\n\n', '\n \n'),
    ),
    { maxLength: 8 },
  )
  .map((rows) => rows.map(([fields, lineEnd]) => fields.join(',') + lineEnd).join(''));

const text = fc.tuple(fc.constantFrom('', '\uFEFF'), fc.oneof(csvText, usableText)).map((parts) => parts.join(''));
const blockSizes = fc.oneof(
  fc.constant([1]),
  fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 10 }),
  fc.constant([1_000_000]),
);

describe('RowScanner and RowParser, wherever blocks are cut', () => {
  it('find the same rows, lines, bytes and faults as the reference reader', () => {
    fc.assert(
      fc.property(text, blockSizes, (content, sizes) => {
        const { rows, faultCode } = readInBlocks(Buffer.from(content), sizes);
        const expected = readSlowly(content);
        expect({ rows, faultCode }).toEqual({ rows: expected.rows, faultCode: expected.fault });
      }),
      { numRuns: propertyRuns(1_500) },
    );
  });

  it('accept a row of maximum length and reject one that is a byte longer', () => {
    fc.assert(
      fc.property(text, blockSizes, fc.integer({ min: 1, max: 30 }), (content, sizes, maxRowBytes) => {
        const { rows, faultCode } = readInBlocks(Buffer.from(content), sizes, maxRowBytes);
        const expected = readSlowly(content, maxRowBytes);
        expect({ rows, faultCode }).toEqual({ rows: expected.rows, faultCode: expected.fault });
      }),
      { numRuns: propertyRuns(1_500) },
    );
  });

  it('find the same rows after resuming between two batches', () => {
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
      { numRuns: propertyRuns(200) },
    );
  });

  it('find invalid UTF-8 at any place, and report none in valid UTF-8', () => {
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
      { numRuns: propertyRuns(500) },
    );
  });
});
