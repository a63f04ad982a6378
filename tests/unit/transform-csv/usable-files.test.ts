import { fileOf, HEADER, row } from '../../support/salary-file.ts';
import { TransformRig } from '../../support/transform-rig.ts';

async function transform(content: string | Buffer, chunkBytes = 64 * 1024) {
  const rig = new TransformRig();
  rig.store.chunkBytes = chunkBytes;
  const { state, counts } = await rig.transformContent(content);
  return { rig, state, counts };
}

describe('a usable file', () => {
  it.each([
    ['a byte order mark', `\uFEFF${fileOf(row())}`],
    ['CRLF', fileOf(row()).replaceAll('\n', '\r\n')],
    ['both line ends', `${HEADER}\r\n${row()}\n`],
    ['no line end at its end', `${HEADER}\n${row()}`],
    ['blank lines, also before the header', `\n\r\n${HEADER}\n\n${row()}\r\n\n`],
    [
      'column names in another case with blanks around them',
      fileOf(row()).replace('Department,', ' dePARTment\u00a0,'),
    ],
    ['quoted names and values', `${HEADER.replace(/[^,]+/g, '"$&"')}\n${row().replace(/[^,]+/g, ' "$&"\u2003')}\n`],
    ['blanks around values', `${HEADER}\n${row().replaceAll(',', ' ,\t')}\n`],
    ['a CR without LF after a value', `${HEADER}\n${row()}\r\r\n`],
  ])('gives the same rows with %s', async (_, content) => {
    for (const chunkBytes of [1, 7, 64 * 1024]) {
      const { rig, counts } = await transform(content, chunkBytes);
      expect(rig.deadLetters.deadLetters).toEqual([]);
      expect(counts).toEqual({ read: 1, filteredOut: 0, rejected: 0, sent: 1 });
      expect(rig.totals).toEqual({ ECC: 100 });
    }
  });

  it('may have its columns in any order, and others between them', async () => {
    const { rig } = await transform(
      'Salary,x,Initial Hire Date,Position Title,Department,y,Department-Division\n7.5,x,2015-02-01,T,CIT,y,D\n',
    );
    expect(rig.sent).toMatchObject([
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

  it('may have commas, quotes and line ends in quoted values', async () => {
    const { rig } = await transform(fileOf(row({ title: '"a, ""b""\r\nc\n"' }), row()));
    expect(rig.sent.map(({ positionTitle, rowNumber }) => [positionTitle, rowNumber])).toEqual([
      ['a, "b"\r\nc', 1],
      ['Officer', 2],
    ]);
  });

  it('may have quotes, CRs without LF and any Unicode in unquoted values', async () => {
    const title = 'O"Neil\r"x" 日本 😀';
    const { rig } = await transform(fileOf(row({ title })), 1);
    expect(rig.deadLetters.deadLetters).toEqual([]);
    expect(rig.sent[0]?.positionTitle).toBe(title);
  });

  it('has two employees in two equal rows', async () => {
    const { rig, counts } = await transform(fileOf(row(), row(), row({ department: 'CIT', salary: 5 })));
    expect(rig.totals).toEqual({ ECC: 200, CIT: 5 });
    expect(counts.sent).toBe(3);
  });

  it.each([
    ['only a header', HEADER],
    ['only a header line', `${HEADER}\n`],
    ['a byte order mark, a header and a blank line', `\uFEFF${HEADER}\r\n\r\n`],
  ])('takes over and is complete with %s', async (_, content) => {
    const { rig, state, counts } = await transform(content);
    expect(state).toBe('complete');
    expect(counts).toEqual({ read: 0, filteredOut: 0, rejected: 0, sent: 0 });
    expect(rig.ledger.calls).toEqual(['register', 'takeOver', 'finish']);
  });

  it('takes over and is complete when all rows are filtered out', async () => {
    const { rig, state, counts } = await transform(
      fileOf(row({ department: 'AGR' }), row({ hireDate: '31-Dec-2009' })),
    );
    expect(state).toBe('complete');
    expect(counts).toEqual({ read: 2, filteredOut: 2, rejected: 0, sent: 0 });
    expect(rig.ledger.calls).toContain('takeOver');
  });
});
