import { createTransformRig, HEADER, totalsOf } from '../../support/transform-fakes.ts';

const row = (department = 'ECC', salary = '100.9', hireDate = '01-Feb-2015', title = 'Officer') =>
  `${department},${department} 001,B.1,${title},Exempt,${hireDate},01-Mar-2018,${salary}`;

const file = (...lines: string[]) => `${[HEADER, ...lines].join('\n')}\n`;

/** What becomes of a file: everything that leaves the transformer. */
async function transform(content: string | Buffer, chunkBytes = 64 * 1024) {
  const rig = createTransformRig();
  rig.store.chunkBytes = chunkBytes;
  const outcome = await rig.put(content);
  const { records } = rig.publisher;
  return { rig, ...outcome, records, letters: rig.deadLetters.letters, totals: totalsOf(records) };
}

describe('usable files', () => {
  it.each([
    ['a byte order mark', `\uFEFF${file(row())}`],
    ['CRLF', file(row()).replaceAll('\n', '\r\n')],
    ['both line ends', `${HEADER}\r\n${row()}\n`],
    ['no line end at the end', `${HEADER}\n${row()}`],
    ['blank lines, before the header too', `\n\r\n${HEADER}\n\n${row()}\r\n\n`],
    ['names in another case with blanks around them', file(row()).replace('Department,', ' dePARTment\u00a0,')],
    ['quoted names and values', `${HEADER.replace(/[^,]+/g, '"$&"')}\n${row().replace(/[^,]+/g, ' "$&"\u2003')}\n`],
    ['blanks around values', `${HEADER}\n${row().replaceAll(',', ' ,\t')}\n`],
    ['a lone CR beside a value', `${HEADER}\n${row()}\r\r\n`],
  ])('are read the same with %s', async (_, content) => {
    for (const chunkBytes of [1, 7, 64 * 1024]) {
      const { counts, totals, letters } = await transform(content, chunkBytes);
      expect(letters).toEqual([]);
      expect(counts).toEqual({ read: 1, filteredOut: 0, rejected: 0, sent: 1 });
      expect(totals).toEqual({ ECC: 100 });
    }
  });

  it('may have their columns in any order, and others between them', async () => {
    const { records } = await transform(
      'Salary,x,Initial Hire Date,Position Title,Department,y,Department-Division\n7.5,x,2015-02-01,T,CIT,y,D\n',
    );
    expect(records).toMatchObject([
      {
        department: 'CIT',
        departmentDivision: 'D',
        positionTitle: 'T',
        hireDate: '2015-02-01',
        salary: 7,
        rowNumber: 1,
      },
    ]);
  });

  it('may quote commas, quotes and line ends', async () => {
    const { records } = await transform(file(row('ECC', '1', '01-Feb-2015', '"a, ""b""\r\nc\n"'), row()));
    expect(records.map(({ positionTitle, rowNumber }) => [positionTitle, rowNumber])).toEqual([
      ['a, "b"\r\nc', 1],
      ['Officer', 2],
    ]);
  });

  it('may hold quotes and lone CRs as data, and any Unicode', async () => {
    const title = 'O"Neil\r"x" 日本 😀';
    const { records, letters } = await transform(file(row('ECC', '1', '01-Feb-2015', title)), 1);
    expect(letters).toEqual([]);
    expect(records[0]?.positionTitle).toBe(title);
  });

  it('take two equal rows for two employees, and one row read twice for one', async () => {
    const { totals, counts } = await transform(file(row(), row(), row('CIT', '5')));
    expect(totals).toEqual({ ECC: 200, CIT: 5 });
    expect(counts.sent).toBe(3);
  });

  it('are complete with a header alone, and take over', async () => {
    for (const content of [HEADER, `${HEADER}\n`, `\uFEFF${HEADER}\r\n\r\n`]) {
      const { state, counts, rig } = await transform(content);
      expect(state).toBe('complete');
      expect(counts).toEqual({ read: 0, filteredOut: 0, rejected: 0, sent: 0 });
      expect(rig.ledger.calls).toEqual(['register', 'takeOver', 'finish']);
    }
  });

  it('are complete without a row to keep, and take over', async () => {
    const { state, counts, rig } = await transform(file(row('AGR'), row('ECC', '1', '31-Dec-2009')));
    expect(state).toBe('complete');
    expect(counts).toEqual({ read: 2, filteredOut: 2, rejected: 0, sent: 0 });
    expect(rig.ledger.calls).toContain('takeOver');
  });
});

describe('rows that cannot be used', () => {
  it('become dead letters with code, line, row and bytes, and the rest of the file goes on', async () => {
    const lines = [
      row(),
      'ECC,"two\nlines",B,T,E,01-Feb-2015,x,-1',
      'ECC,short',
      '',
      row('ECC', '5', '31-Feb-2012'),
      `${row()},one more`,
      row('ECC', '5', '01-Feb-2015', 'x'.repeat(201)),
      row('CIT', '2'),
    ];
    const content = file(...lines);
    const { letters, totals, counts } = await transform(content, 11);

    expect(counts).toEqual({ read: 7, filteredOut: 0, rejected: 5, sent: 2 });
    expect(totals).toEqual({ ECC: 100, CIT: 2 });
    const located = letters.map(({ code, origin }) => ({
      code,
      line: 'line' in origin && origin.line,
      row: 'row' in origin && origin.row,
    }));
    expect(located).toEqual([
      { code: 'PIPE_ROW_SALARY', line: 3, row: 2 },
      { code: 'PIPE_ROW_COLUMNS', line: 5, row: 3 },
      { code: 'PIPE_ROW_HIRE_DATE', line: 7, row: 4 },
      { code: 'PIPE_ROW_COLUMNS', line: 8, row: 5 },
      { code: 'PIPE_ROW_TEXT', line: 9, row: 6 },
    ]);
    for (const { origin, payload, reason } of letters) {
      const [start, end] = ('byteRange' in origin && origin.byteRange) || [0, 0];
      expect(Buffer.from(content).subarray(start, end)).toEqual(Buffer.from(payload ?? []));
      expect(reason).toMatch(/^expected .* got .*; line \d+$/);
    }
    expect(Buffer.from(letters[0]?.payload ?? []).toString()).toBe(lines[1]);
  });

  it.each(['-1', 'abc', '', '1e400', '2147483648', '1.', '.1', '+1', '1 000'])(
    'include those with salary %j',
    async (salary) => {
      const { letters, counts } = await transform(file(row('ECC', salary), row()));
      expect(letters.map(({ code }) => code)).toEqual(['PIPE_ROW_SALARY']);
      expect(counts).toEqual({ read: 2, filteredOut: 0, rejected: 1, sent: 1 });
    },
  );

  it.each(['31-Feb-2012', '', '2012-13-01', '1-1-2012', '01-Feb-15'])(
    'include those with hire date %j',
    async (hireDate) => {
      const { letters, counts } = await transform(file(row('ECC', '1', hireDate), row()));
      expect(letters.map(({ code }) => code)).toEqual(['PIPE_ROW_HIRE_DATE']);
      expect(counts.sent).toBe(1);
    },
  );

  it('include a line of blanks only, which is no blank line, where it cannot hold a department', async () => {
    const header = 'x,Department,Department-Division,Position Title,Initial Hire Date,Salary';
    const { letters, counts } = await transform(`${header}\n   \n\nx,ECC,D,T,2015-01-01,4\n`);
    expect(letters.map(({ code }) => code)).toEqual(['PIPE_ROW_COLUMNS']);
    expect(counts).toEqual({ read: 2, filteredOut: 0, rejected: 1, sent: 1 });
  });

  it('may be many and long without a letter that is lost', async () => {
    const long = row('ECC', 'x'.repeat(300_000));
    const short = row('ECC', 'x');
    const { letters, counts } = await transform(file(long, ...Array.from({ length: 1_000 }, () => short), long, row()));
    expect(counts).toEqual({ read: 1003, filteredOut: 0, rejected: 1002, sent: 1 });
    expect(letters).toHaveLength(1002);
    expect(letters[0]?.payload).toHaveLength(long.length);
  });
});

describe('unusable files', () => {
  const megabyte = 'x'.repeat(1_048_576);

  it.each([
    ['no byte', '', 'PIPE_FILE_EMPTY', /without any row/],
    ['a byte order mark only', '\uFEFF', 'PIPE_FILE_EMPTY', /without any row/],
    ['blank lines only', '\n\r\n\n', 'PIPE_FILE_EMPTY', /without any row/],
    ['another header', 'a,b\n1,2\n', 'PIPE_FILE_HEADER', /missing: Department, .*got: \["a","b"\]/],
    ['a missing column', file(row()).replace('Salary', 'Wages'), 'PIPE_FILE_HEADER', /missing: Salary/],
    ['a needed column twice', file(row()).replace('PCN', ' salary '), 'PIPE_FILE_HEADER', /more than once: Salary/],
    [
      'invalid UTF-8 in its last row',
      Buffer.concat([Buffer.from(file(row())), Buffer.from([0x45, 0xc3, 0x28])]),
      'PIPE_FILE_ENCODING',
      /UTF-8.*line 3/,
    ],
    ['a character cut off at its end', Buffer.from(`${file(row())}é`).subarray(0, -1), 'PIPE_FILE_ENCODING', /line 3/],
    ['UTF-16', Buffer.from(`\uFEFF${file(row())}`, 'utf16le'), 'PIPE_FILE_ENCODING', /UTF-8/],
    [
      'a quote never closed',
      file(row(), 'ECC,"open', row(), row()),
      'PIPE_FILE_QUOTE',
      /closed.*open quote is at line 3/,
    ],
    [
      'text behind a closing quote',
      file(row(), 'AGR,"a"b,c', row()),
      'PIPE_FILE_QUOTE',
      /after a closing quote.*line 3/,
    ],
    ['another quote behind a closing one', file(row(), '"" "b",c'), 'PIPE_FILE_QUOTE', /line 3/],
    ['a record a byte too long', file(row(), `x${megabyte}`), 'PIPE_FILE_RECORD_SIZE', /1048576 bytes.*line 3/],
    ['a field of ten megabytes', file(row(), `ECC,"${megabyte.repeat(10)}"`), 'PIPE_FILE_RECORD_SIZE', /line 3/],
    [
      'a quote that would take ten megabytes to close',
      file(row(), `ECC,"${`${row()}\n`.repeat(200_000)}`),
      'PIPE_FILE_RECORD_SIZE',
      /never closed/,
    ],
  ])('are rejected as a whole: %s', async (_, content, code, reason) => {
    const { state, counts, records, letters, rig } = await transform(content);

    expect(state).toBe('rejected');
    expect(counts).toEqual({ read: 0, filteredOut: 0, rejected: 0, sent: 0 });
    expect(records).toEqual([]);
    expect(letters).toEqual([
      {
        code,
        reason: expect.stringMatching(reason),
        origin: expect.objectContaining({ key: 'employees.csv' }),
        payload: null,
      },
    ]);
    expect(rig.ledger.calls).toEqual(['register', 'reject']);
  });

  it('are not those with a record of just the greatest length', async () => {
    const prefix = 'AGR,';
    const { state, counts } = await transform(
      file(row(), prefix + megabyte.slice(prefix.length)).replaceAll('\n', '\r\n'),
    );
    expect(state).toBe('loading');
    expect(counts).toEqual({ read: 2, filteredOut: 1, rejected: 0, sent: 1 });
  });

  it('leave what an earlier version of the key brought', async () => {
    const rig = createTransformRig();
    await rig.put(file(row()));
    const earlier = rig.ledger.current.get('employees.csv');
    const { state } = await rig.put('');
    expect(state).toBe('rejected');
    expect(rig.ledger.current.get('employees.csv')).toBe(earlier);
    expect(earlier?.state).toBe('loading');
  });
});
