import { captureGap, readCaptureBaseline } from '../../../functions/core/capture-state.ts';

const MARKS = { table: 'a', columns: 'b', types: 'c', file: 'd', triggers: 'e', functions: 'f', changes: 'g' };
const BASELINE = { marks: MARKS, since: '10:20:' };
const gap = (marks: Partial<typeof MARKS>, gapReason: string | null = null) =>
  captureGap(BASELINE, { faults: [], marks: { ...MARKS, ...marks }, gapReason });

test.each<[Partial<typeof MARKS>, string]>([
  [{ table: '' }, 'employees is another table than before'],
  [{ columns: '' }, 'columns of employees were dropped or added'],
  [{ types: '', file: '' }, 'the rows of employees were rewritten for another type of a column'],
  [{ triggers: '' }, 'the capture triggers of employees were altered, disabled or created again'],
  [{ functions: '' }, 'the capture functions were replaced'],
  [{ changes: '' }, 'emp_cdc, its columns, its triggers or its sequence were altered or created again'],
])('changes may be missing after %j', (marks, reason) => {
  expect(gap(marks)).toBe(`changes of employees may be missing: ${reason}`);
});

test.each([{}, { types: '' }, { file: '' }])('none is missing after %j', (marks) => {
  expect(gap(marks)).toBeNull();
});

test('all reasons are given, with the one that the source has noted', () => {
  expect(gap({ table: '', functions: '' }, 'noted')).toBe(
    'changes of employees may be missing: employees is another table than before; the capture functions were replaced; noted',
  );
});

test('a baseline is read from a saved position; another value is none', () => {
  expect(readCaptureBaseline(JSON.parse(JSON.stringify(BASELINE)))).toEqual(BASELINE);
  for (const value of [
    undefined,
    null,
    'text',
    {},
    { marks: MARKS },
    { since: '1:1:' },
    { marks: null, since: '1:1:' },
  ]) {
    expect(readCaptureBaseline(value)).toBeUndefined();
  }
});
