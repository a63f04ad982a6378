import fc from 'fast-check';
import {
  createSalaryRecordEncoder,
  decodeSalaryRecord,
  type FileVersion,
  type SalaryRow,
} from '../../../functions/core/salary-record.ts';

const text = (maxLength: number) =>
  fc.string({ unit: 'grapheme', maxLength }).filter((sample) => !sample.includes('\0') && sample.isWellFormed());

const file: fc.Arbitrary<FileVersion> = fc.record({ bucket: text(63), key: text(200), version: text(64) });

const row: fc.Arbitrary<SalaryRow> = fc.record({
  department: text(50),
  departmentDivision: text(50),
  positionTitle: text(50),
  hireDate: fc
    .date({ min: new Date('2010-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10)),
  salary: fc.integer({ min: 0, max: 2_147_483_647 }),
});

const good = {
  schema: 1,
  bucket: 'b',
  key: 'a.csv',
  version: '1',
  rowNumber: 1,
  department: 'EMS',
  departmentDivision: '',
  positionTitle: 'Medic',
  hireDate: '2012-05-01',
  salary: 1,
};

describe('a salary record', () => {
  it('is decoded as it was encoded, with any texts', () => {
    fc.assert(
      fc.property(file, row, fc.integer({ min: 1, max: 2_147_483_647 }), (version, salaryRow, rowNumber) => {
        const json = createSalaryRecordEncoder(version)(rowNumber, salaryRow);
        expect(decodeSalaryRecord(Buffer.from(json))).toEqual({ schema: 1, ...version, rowNumber, ...salaryRow });
      }),
    );
  });

  it.each([
    ['text that is not JSON', '{"schema":1', 'expected a salary record as a JSON object, got text that is not JSON'],
    ['another schema', JSON.stringify({ ...good, schema: 2 }), 'field schema of a salary record to be 1,'],
    ['no schema', JSON.stringify({ ...good, schema: undefined }), 'schema'],
    [
      'no department',
      JSON.stringify({ ...good, department: undefined }),
      'field department of a salary record to be a text without U+0000',
    ],
    ['a number for a text', JSON.stringify({ ...good, positionTitle: 7 }), 'positionTitle'],
    ['U+0000 in a text', JSON.stringify({ ...good, key: 'a\0b' }), 'key'],
    [
      'row 0',
      JSON.stringify({ ...good, rowNumber: 0 }),
      'field rowNumber of a salary record to be a whole number from 1 to 2147483647',
    ],
    ['a row beyond 32 bits', JSON.stringify({ ...good, rowNumber: 2_147_483_648 }), 'rowNumber'],
    [
      'a negative salary',
      JSON.stringify({ ...good, salary: -1 }),
      'field salary of a salary record to be a whole number from 0 to 2147483647',
    ],
    ['a salary with a fraction', JSON.stringify({ ...good, salary: 1.5 }), 'salary'],
    ['a salary as text', JSON.stringify({ ...good, salary: '1' }), 'salary'],
    ['a salary beyond 32 bits', JSON.stringify({ ...good, salary: 2_147_483_648 }), 'salary'],
    [
      'a date in another form',
      JSON.stringify({ ...good, hireDate: '01-May-2012' }),
      'field hireDate of a salary record to be a date as YYYY-MM-DD',
    ],
    ['something before the date', JSON.stringify({ ...good, hireDate: ' 2012-05-01' }), 'hireDate'],
    ['something after the date', JSON.stringify({ ...good, hireDate: '2012-05-01T' }), 'hireDate'],
  ])('is refused with %s', (_, json, named) => {
    expect(() => decodeSalaryRecord(Buffer.from(json))).toThrow(
      expect.objectContaining({
        code: 'PIPE_SALARY_RECORD',
        retry: 'never',
        message: expect.stringContaining(named),
      }),
    );
  });

  it('is refused with the field in the context of the error', () => {
    expect(() => decodeSalaryRecord(Buffer.from(JSON.stringify({ ...good, salary: null })))).toThrow(
      expect.objectContaining({ context: { field: 'salary' } }),
    );
  });

  it('is refused without its values in the message', () => {
    const secret = JSON.stringify({ ...good, salary: -98_765, department: 'SECRET' });
    expect(() => decodeSalaryRecord(Buffer.from(secret))).toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/98765|SECRET/) }),
    );
  });
});
