import type { Attention } from '../../../../functions/core/verdict.ts';
import { renderState } from '../../../../localstack/commands/start/render-state.ts';
import type { StackStatus } from '../../../../localstack/commands/status/stack-status.ts';
import { plainPaint } from '../../../../localstack/commands/terminal/style.ts';

const NOW = new Date('2026-01-02T12:00:00.000Z');
const OPTIONS = { paint: plainPaint, now: NOW };
const STATUS = {
  source: { changes: 0, isMore: false, oldestAgeMs: 41 },
  target: {
    totals: [{ department: 'CIT', total_salary: '1', employee_count: '1200' }],
    files: [{ state: 'loading' }, { state: 'complete' }],
    latency: { p50Ms: 12, p99Ms: 88, greatestMs: 131 },
    changesPerSecond: 1_004,
  },
} as unknown as StackStatus;

const attention = (subject: string): Attention => ({
  code: 'PIPE_RETRYING',
  subject,
  message: 'm',
  since: new Date(NOW.getTime() - 240_000),
  command: null,
});

test('a healthy stack has its figures on one line', () => {
  expect(renderState(STATUS, [], OPTIONS)).toBe(
    '● All is well   lag 41 ms   p99 88 ms   1,004/s   1 file loading   1,200 salaries   Ctrl-C stops',
  );
});

test('a stack without data, or whose databases do not respond, has no figures', () => {
  const empty = { source: null, target: null } as unknown as StackStatus;
  expect(renderState(empty, [], OPTIONS)).toBe('● All is well   Ctrl-C stops');
});

test('the first thing that needs attention takes the place of the figures', () => {
  expect(renderState(STATUS, [attention('apply-changes')], OPTIONS)).toBe(
    '● apply-changes, for 4 min   → npm run status',
  );
  const three = [attention('apply-changes'), attention('b'), attention('c')];
  expect(renderState(STATUS, three, OPTIONS)).toBe('● apply-changes, for 4 min and 2 more things   → npm run status');
});

test('the line is never longer than the terminal is wide', () => {
  expect(renderState(STATUS, [], { ...OPTIONS, width: 40 })).toBe('● All is well   lag 41 ms   p99 88 ms  …');
  const long = attention('apply-changes/employee-changes-0, apply-changes/employee-changes-1');
  expect(renderState(STATUS, [long], { ...OPTIONS, width: 40 })).toBe('● apply-changes/empl…   → npm run status');
});
