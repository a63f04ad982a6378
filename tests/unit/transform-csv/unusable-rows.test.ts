import { fileOf, row } from '../../support/salary-file.ts';
import { TransformRig } from '../../support/transform-rig.ts';

async function transform(content: string, chunkBytes = 64 * 1024) {
  const rig = new TransformRig();
  rig.store.chunkBytes = chunkBytes;
  const { counts } = await rig.transformContent(content);
  return {
    rig,
    counts,
    deadLetters: rig.deadLetters.deadLetters,
    codes: rig.deadLetters.deadLetters.map(({ code }) => code),
  };
}

describe('an unusable row', () => {
  it('becomes a dead letter with code, line, row number and bytes, and the other rows are sent', async () => {
    const rows = [
      row(),
      'ECC,"two\nlines",B,T,E,01-Feb-2015,x,-1',
      'ECC,short',
      '',
      row({ salary: 5, hireDate: '31-Feb-2012' }),
      `${row()},one more`,
      row({ salary: 5, title: 'x'.repeat(201) }),
      row({ department: 'CIT', salary: 2 }),
    ];
    const content = fileOf(...rows);
    const { rig, counts, deadLetters } = await transform(content, 11);

    expect(counts).toEqual({ read: 7, filteredOut: 0, rejected: 5, sent: 2 });
    expect(rig.totals).toEqual({ ECC: 100, CIT: 2 });
    expect(deadLetters).toMatchObject([
      { code: 'PIPE_ROW_SALARY', origin: { line: 3, row: 2 } },
      { code: 'PIPE_ROW_COLUMNS', origin: { line: 5, row: 3 } },
      { code: 'PIPE_ROW_HIRE_DATE', origin: { line: 7, row: 4 } },
      { code: 'PIPE_ROW_COLUMNS', origin: { line: 8, row: 5 } },
      { code: 'PIPE_ROW_TEXT', origin: { line: 9, row: 6 } },
    ]);
    for (const { origin, payload, reason } of deadLetters) {
      const [start, end] = ('byteRange' in origin && origin.byteRange) || [0, 0];
      expect(Buffer.from(content).subarray(start, end)).toEqual(Buffer.from(payload ?? []));
      expect(reason).toMatch(/^expected .* got .*; line \d+$/);
    }
    expect(Buffer.from(deadLetters[0]?.payload ?? []).toString()).toBe(rows[1]);
  });

  it.each(['-1', 'abc', '', '1e400', '2147483648', '1.', '.1', '+1', '1 000'])('has salary %j', async (salary) => {
    const { codes, counts } = await transform(fileOf(row({ salary }), row()));
    expect(codes).toEqual(['PIPE_ROW_SALARY']);
    expect(counts).toEqual({ read: 2, filteredOut: 0, rejected: 1, sent: 1 });
  });

  it.each(['31-Feb-2012', '', '2012-13-01', '1-1-2012', '01-Feb-15'])('has hire date %j', async (hireDate) => {
    const { codes, counts } = await transform(fileOf(row({ hireDate }), row()));
    expect(codes).toEqual(['PIPE_ROW_HIRE_DATE']);
    expect(counts.sent).toBe(1);
  });

  it('is a line of blanks that is too short for a department, but a line without characters is no row', async () => {
    const header = 'x,Department,Department-Division,Position Title,Initial Hire Date,Salary';
    const { codes, counts } = await transform(`${header}\n   \n\nx,ECC,D,T,2015-01-01,4\n`);
    expect(codes).toEqual(['PIPE_ROW_COLUMNS']);
    expect(counts).toEqual({ read: 2, filteredOut: 0, rejected: 1, sent: 1 });
  });

  it('has its own dead letter also among many and long ones', async () => {
    const long = row({ salary: 'x'.repeat(300_000) });
    const short = row({ salary: 'x' });
    const { counts, deadLetters } = await transform(
      fileOf(long, ...Array.from({ length: 1_000 }, () => short), long, row()),
    );
    expect(counts).toEqual({ read: 1003, filteredOut: 0, rejected: 1002, sent: 1 });
    expect(deadLetters).toHaveLength(1002);
    expect(deadLetters[0]?.payload).toHaveLength(long.length);
  });
});
