import { fileOf, row } from '../../support/salary-file.ts';
import { KEY, TransformRig } from '../../support/transform-rig.ts';

const MEGABYTE = 'x'.repeat(1_048_576);

async function putAndTransform(rig: TransformRig, content: string) {
  const arrival = rig.put(content);
  await rig.transform(arrival);
  return arrival;
}

describe('an unusable file', () => {
  it.each([
    ['has no bytes', '', 'PIPE_FILE_EMPTY', /without any row/],
    ['has only a byte order mark', '\uFEFF', 'PIPE_FILE_EMPTY', /without any row/],
    ['has only blank lines', '\n\r\n\n', 'PIPE_FILE_EMPTY', /without any row/],
    ['has another header', 'a,b\n1,2\n', 'PIPE_FILE_HEADER', /missing: Department, .*got: \["a","b"\]/],
    ['misses a column', fileOf(row()).replace('Salary', 'Wages'), 'PIPE_FILE_HEADER', /missing: Salary/],
    ['has a column twice', fileOf(row()).replace('PCN', ' salary '), 'PIPE_FILE_HEADER', /more than once: Salary/],
    [
      'has invalid UTF-8 in its last row',
      Buffer.concat([Buffer.from(fileOf(row())), Buffer.from([0x45, 0xc3, 0x28])]),
      'PIPE_FILE_ENCODING',
      /UTF-8.*line 3/,
    ],
    ['ends within a character', Buffer.from(`${fileOf(row())}é`).subarray(0, -1), 'PIPE_FILE_ENCODING', /line 3/],
    ['is UTF-16', Buffer.from(`\uFEFF${fileOf(row())}`, 'utf16le'), 'PIPE_FILE_ENCODING', /UTF-8/],
    [
      'has a quote that is never closed',
      fileOf(row(), 'ECC,"open', row(), row()),
      'PIPE_FILE_QUOTE',
      /closed.*open quote is at line 3/,
    ],
    [
      'has text after a closing quote',
      fileOf(row(), 'AGR,"a"b,c', row()),
      'PIPE_FILE_QUOTE',
      /after a closing quote.*line 3/,
    ],
    ['has a quote after a closing quote and a blank', fileOf(row(), '"" "b",c'), 'PIPE_FILE_QUOTE', /line 3/],
    [
      'has a row that is a byte too long',
      fileOf(row(), `x${MEGABYTE}`),
      'PIPE_FILE_RECORD_SIZE',
      /1048576 bytes.*line 3/,
    ],
    ['has a value of ten megabytes', fileOf(row(), `ECC,"${MEGABYTE.repeat(10)}"`), 'PIPE_FILE_RECORD_SIZE', /line 3/],
    [
      'has a quote that is closed after ten megabytes',
      fileOf(row(), `ECC,"${`${row()}\n`.repeat(200_000)}`),
      'PIPE_FILE_RECORD_SIZE',
      /never closed/,
    ],
  ])('is rejected as a whole when it %s', async (_, content, code, reason) => {
    const rig = new TransformRig();
    const arrival = rig.put(content);
    const { state, counts } = await rig.transform(arrival);

    expect(state).toBe('rejected');
    expect(rig.stateOf(arrival)).toBe('rejected');
    expect(counts).toEqual({ read: 0, filteredOut: 0, rejected: 0, sent: 0 });
    expect(rig.sent).toEqual([]);
    const origin = expect.objectContaining({ bucket: 'salaries', key: KEY, version: arrival.version });
    expect(rig.deadLetters.deadLetters).toEqual([
      { code, reason: expect.stringMatching(reason), origin, payload: null },
    ]);
    expect(rig.ledger.calls).toEqual(['register', 'reject']);
  });

  it('has no line in its dead letter when it is empty', async () => {
    const rig = new TransformRig();
    const { version } = await putAndTransform(rig, '');
    expect(rig.deadLetters.deadLetters.map(({ origin }) => origin)).toEqual([
      { bucket: 'salaries', key: KEY, version },
    ]);
  });

  it('is logged with the reason why', async () => {
    const rig = new TransformRig();
    const { version } = await putAndTransform(rig, fileOf(row(), '"open'));
    expect(rig.deadLetters.deadLetters).toMatchObject([{ origin: { line: 3 } }]);
    const context = { bucket: 'salaries', key: KEY, version, code: 'PIPE_FILE_QUOTE' };
    expect(rig.logged).toEqual([{ message: 'file rejected', context }]);
  });

  it('leaves the current version of its key unchanged', async () => {
    const rig = new TransformRig();
    const current = rig.put(fileOf(row()));
    await rig.transform(current);
    expect((await rig.transformContent('')).state).toBe('rejected');
    expect(rig.stateOf(current)).toBe('loading');
    expect(rig.database.isCurrent(rig.database.file(current))).toBe(true);
  });
});

describe('a file with a row of maximum length', () => {
  it('is usable', async () => {
    const rig = new TransformRig();
    const prefix = 'AGR,';
    const longest = prefix + MEGABYTE.slice(prefix.length);
    const { state, counts } = await rig.transformContent(fileOf(row(), longest).replaceAll('\n', '\r\n'));
    expect(state).toBe('loading');
    expect(counts).toEqual({ read: 2, filteredOut: 1, rejected: 0, sent: 1 });
  });
});
