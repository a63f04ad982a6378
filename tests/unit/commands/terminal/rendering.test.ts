import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import {
  formatAge,
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatRate,
} from '../../../../localstack/commands/terminal/figures.ts';
import { nearestName } from '../../../../localstack/commands/terminal/nearest-name.ts';
import { type Paint, paintFor, plainPaint, printable } from '../../../../localstack/commands/terminal/style.ts';
import { formatTable } from '../../../../localstack/commands/terminal/table.ts';

const DEPARTMENTS = [{ title: 'DEPARTMENT' }, { title: 'TOTAL', align: 'right' }] as const;

describe('a table', () => {
  test('has its titles and rows in columns, numbers right-aligned, and no borders', () => {
    const rows = [
      ['CIT', '9,102,142'],
      ['ECC', '3'],
    ];
    expect(formatTable(DEPARTMENTS, rows, { paint: plainPaint })).toBe(
      ['DEPARTMENT      TOTAL', 'CIT         9,102,142', 'ECC                 3'].join('\n'),
    );
  });

  test('has dim titles, and cells in the colour of their role, which do not change the columns', () => {
    const paint: Paint = (role, text) => (role === 'plain' ? text : `\u001b[1m${text}\u001b[22m`);
    const rows = [[{ text: 'open', role: 'attention' }, '1'] as const];
    expect(formatTable(DEPARTMENTS, rows, { paint })).toBe(
      ['\u001b[1mDEPARTMENT\u001b[22m  \u001b[1mTOTAL\u001b[22m', '\u001b[1mopen\u001b[22m            1'].join('\n'),
    );
  });

  test('shortens the column that may shrink to the width of the terminal, and none without a terminal', () => {
    const columns = [{ title: 'FILE', shrinks: true }, { title: 'STATE' }];
    const rows = [['a-very-long-name-of-a-file.csv', 'complete']];
    expect(formatTable(columns, rows, { paint: plainPaint, width: 24 })).toBe(
      ['FILE            STATE', 'a-very-long-n…  complete'].join('\n'),
    );
    expect(formatTable(columns, rows, { paint: plainPaint })).toContain('a-very-long-name-of-a-file.csv  complete');
  });

  test('counts wide characters as two columns', () => {
    const rows = [
      ['日本', '1'],
      ['abcd', '2'],
    ];
    expect(formatTable([{ title: 'A' }, { title: 'B' }], rows, { paint: plainPaint })).toBe(
      ['A     B', '日本  1', 'abcd  2'].join('\n'),
    );
  });

  test('prints no character that a terminal would obey', () => {
    const rows = [['a\u001b[2J\nb', '1']];
    expect(formatTable(DEPARTMENTS, rows, { paint: plainPaint })).toContain('a\\x1b[2J\\x0ab');
  });
});

describe('figures', () => {
  test.each([
    [0, '0 ms'],
    [41.4, '41 ms'],
    [999.6, '1 s'],
    [1_230, '1.2 s'],
    [12_300, '12 s'],
    [59_700, '1 min'],
    [61_000, '1 min'],
    [41 * 60_000 + 59_999, '41 min'],
    [130 * 60_000, '2 h 10 min'],
    [2 * 3_600_000, '2 h'],
    [76 * 3_600_000 + 59_000, '3 d 4 h'],
    [1_234 * 86_400_000, '1,234 d'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('ages are whole seconds, and never negative', () => {
    const now = new Date('2026-01-01T00:00:10.900Z');
    const ages = ['2026-01-01T00:00:05.000Z', new Date('2026-01-01T00:00:10Z'), '2026-01-01T00:00:30Z'];
    expect(ages.map((moment) => formatAge(moment, now))).toEqual(['5 s', '0 s', '0 s']);
  });

  test('counts have separators, and nouns their number', () => {
    expect([formatCount(9_102_142n), formatNumber(1, 'row'), formatNumber(1_004, 'row')]).toEqual([
      '9,102,142',
      '1 row',
      '1,004 rows',
    ]);
    expect(formatNumber(0, 'entry', 'entries')).toBe('0 entries');
  });

  test('rates below ten have a decimal', () => {
    expect([0, 0.26, 9.94, 1_003.6].map(formatRate)).toEqual(['0/s', '0.3/s', '9.9/s', '1,004/s']);
  });

  test('bytes have the unit that makes them short', () => {
    expect([0, 1_023, 1_536, 262_144, 5 * 1_024 ** 4].map(formatBytes)).toEqual([
      '0 B',
      '1023 B',
      '1.5 KB',
      '256 KB',
      '5 TB',
    ]);
  });
});

describe('colours', () => {
  /** What a process prints whose standard output claims to be a terminal or not. */
  function painted(isTTY: boolean, env: Record<string, string>): string {
    const style = resolve(import.meta.dirname, '../../../../localstack/commands/terminal/style.ts');
    const script = `import { WriteStream } from 'node:tty';
      import { paintFor, widthOf } from ${JSON.stringify(style)};
      const { getColorDepth } = WriteStream.prototype;
      const terminal = { columns: 80, getColorDepth };
      const stream = Object.assign(process.stdout, { ...terminal, isTTY: ${isTTY} });
      process.stdout.write(paintFor(stream)('attention', 'x') + widthOf(stream));`;
    return execFileSync(process.execPath, ['--input-type=module', '--eval', script], { env, encoding: 'utf8' });
  }

  test('are printed to a terminal', () => {
    expect(painted(true, { TERM: 'xterm' })).toBe('\u001b[33mx\u001b[39m80');
  });

  test('are not printed with NO_COLOR', () => {
    expect(painted(true, { TERM: 'xterm', NO_COLOR: '1' })).toBe('x80');
  });

  test('are not printed without a terminal, whose width is then unknown', () => {
    expect(painted(false, {})).toBe('xundefined');
  });

  test('leave plain and empty text as it is', () => {
    expect([paintFor(process.stdout)('plain', 'x'), paintFor(process.stdout)('dim', '')]).toEqual(['x', '']);
  });
});

test('printable text has no control characters and none that turn the direction of the text', () => {
  expect(printable('a\u0000\u009b\u202eb\u2066 é日')).toBe('a\\x00\\x9b\\u{202e}b\\u{2066} é日');
});

describe('the nearest name', () => {
  const codes = ['PIPE_CHANGE_FIELD', 'PIPE_CHANGE_KEY', 'PIPE_ROW_DATE'];

  test('is the one that was probably meant', () => {
    expect(nearestName('pipe_change_feild', codes)).toBe('PIPE_CHANGE_FIELD');
  });

  test('is none when no name resembles it', () => {
    expect([nearestName('employees', codes), nearestName('', codes), nearestName('x', [])]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});
