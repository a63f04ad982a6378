import type { SalaryRow } from '../../../functions/core/salary-record.ts';
import type { StoredSalaryRow } from '../../../functions/ports/salary-audit.ts';
import { compareFile } from '../../../functions/verify-replica/file-comparison.ts';
import { arrivalOf, BUCKET } from '../../contract/salary-database.ts';
import { InMemoryBucket } from '../../support/in-memory-bucket.ts';
import { InMemoryObjectStore } from '../../support/in-memory-object-store.ts';

const HEADER = 'Department,Department-Division,Position Title,Initial Hire Date,Salary';
const FILTER = { departments: new Set(['EMS']), hiredSince: '2010-01-01' };
/** Row 2 is filtered out, and row 4 is rejected. */
const LINES = [
  'EMS,Field,Medic,2015-01-01,1000',
  'HR,Field,Medic,2015-01-01,1000',
  'EMS,Field,Medic,2015-01-01,3000',
  'EMS,Field,Medic,2015-01-01,many',
  'EMS,Field,Medic,2015-01-01,5000',
];
const row = (salary: number, more: Partial<SalaryRow> = {}): SalaryRow => ({
  ...{ department: 'EMS', departmentDivision: 'Field', positionTitle: 'Medic', hireDate: '2015-01-01', salary },
  ...more,
});
const stored = (rowNumber: number, of: SalaryRow | null = row(rowNumber * 1_000)) => ({ rowNumber, row: of });
const EQUAL = [stored(1), stored(3), stored(5)];

async function compare(rows: readonly StoredSalaryRow[], text = [HEADER, ...LINES].join('\n'), chunkBytes = 1_000) {
  const bucket = new InMemoryBucket(BUCKET);
  const { eTag } = bucket.put('a.csv', text);
  const store = Object.assign(new InMemoryObjectStore(bucket), { chunkBytes });
  const pages: number[] = [];
  const result = await compareFile(
    {
      ...{ store, filter: FILTER },
      audit: {
        readRows: async (fileId, after, max) => {
          expect(fileId).toBe('5');
          pages.push(after);
          return rows.filter(({ rowNumber }) => rowNumber > after).slice(0, max);
        },
      },
    },
    { ...arrivalOf('a.csv', '1', { eTag }), fileId: '5' },
  );
  return { ...result, pages };
}

const NONE = { differences: 0, firstRow: null };

describe('the rows of an object agree with those of the tables', () => {
  it('when the tables have exactly what the rules keep, wherever the object is cut', async () => {
    for (const chunkBytes of [7, 40, 1_000]) expect(await compare(EQUAL, undefined, chunkBytes)).toMatchObject(NONE);
  });

  it('when the database has refused one, which then has no values', async () => {
    expect(await compare([stored(1), stored(3, null), stored(5)])).toMatchObject(NONE);
  });

  it('when the database had refused one that the rules no longer keep', async () => {
    expect(await compare([stored(1), stored(2, null), stored(3), stored(5), stored(9, null)])).toMatchObject(NONE);
  });

  it('when neither has one', async () => {
    expect(await compare([], HEADER)).toMatchObject(NONE);
    expect(await compare([], '')).toMatchObject(NONE);
  });

  it('when there are thousands, which are read in pages', async () => {
    const text = [HEADER, ...Array.from({ length: 4_000 }, () => 'EMS,Field,Medic,2015-01-01,7')].join('\n');
    const rows = Array.from({ length: 4_000 }, (_, index) => stored(index + 1, row(7)));
    expect(await compare(rows, text)).toEqual({ ...NONE, pages: [0, 2_000, 4_000] });
  });
});

describe('a row differs', () => {
  it.each([
    ['department', { department: 'ECC' }],
    ['division', { departmentDivision: 'Office' }],
    ['title', { positionTitle: 'Nurse' }],
    ['hire date', { hireDate: '2015-01-02' }],
    ['salary', { salary: 3_001 }],
  ])('with another %s', async (_, more) => {
    expect(await compare([stored(1), stored(3, row(3_000, more)), stored(5)])).toMatchObject({
      ...{ differences: 1, firstRow: 3 },
    });
  });

  it('when the tables do not have it, at the beginning, in the middle or at the end', async () => {
    expect(await compare([stored(3), stored(5)])).toMatchObject({ differences: 1, firstRow: 1 });
    expect(await compare([stored(1), stored(5)])).toMatchObject({ differences: 1, firstRow: 3 });
    expect(await compare([stored(1), stored(3)])).toMatchObject({ differences: 1, firstRow: 5 });
    expect(await compare([])).toMatchObject({ differences: 3, firstRow: 1 });
  });

  it('when only the tables have it', async () => {
    expect(await compare([stored(1), stored(2), stored(3), stored(5)])).toMatchObject({ differences: 1, firstRow: 2 });
    expect(await compare([...EQUAL, stored(6), stored(7)])).toMatchObject({ differences: 2, firstRow: 6 });
    expect(await compare([stored(1)], HEADER)).toMatchObject({ differences: 1, firstRow: 1 });
  });
});

test('an object that cannot be read as a file of salaries is an error', async () => {
  await expect(compare([], `${HEADER}\n"EMS`)).rejects.toMatchObject({ code: expect.stringMatching(/^PIPE_/) });
  await expect(compare([], 'a,b,c')).rejects.toMatchObject({ code: expect.stringMatching(/^PIPE_/) });
});
