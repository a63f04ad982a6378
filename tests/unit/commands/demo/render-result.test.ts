import { renderResult } from '../../../../localstack/commands/demo/render-result.ts';
import { plainPaint } from '../../../../localstack/commands/terminal/style.ts';

test('the result has the totals, the account of the file, the latency, and where to look next', () => {
  const salaries = {
    seconds: 1.23,
    key: 'sample.csv',
    totals: [
      { department: 'EMS', total: 3_779_570n, employees: 60n },
      { department: 'CIT', total: 9_102_142n, employees: 178n },
    ],
    file: { state: 'complete', read: 1_200, filtered_out: 950, rejected: 12, sent: 238, loaded: 238, refused: 0 },
  };
  const latencyMs = { p50: 8.4, p95: 20, p99: 31.5, max: 60 };
  const changes = { snapshotRows: 20_000, changes: 200, latencyMs, rowsInBoth: 19_500 };
  expect(
    renderResult({ salaries, changes }, { paint: plainPaint, width: 80 }),
  ).toBe(`● Both results are verified: the totals are right, and A and B hold the same

DEPARTMENT      TOTAL  EMPLOYEES
EMS         3,779,570         60
CIT         9,102,142        178

FILE        STATE      READ  FILTERED  REJECTED  REFUSED  LOADED   TOOK
sample.csv  complete  1,200       950        12        0     238  1.2 s

CHANGES    snapshot of 20,000 rows, then changes one by one and in bulk
           19,500 rows in A and the same in B
           200 single changes visible in B after their commit in A:
           p50 8 ms   p95 20 ms   p99 32 ms   max 60 ms

NEXT       npm start                     starts the same stack, to stay
           npm run upload -- FILE.csv    uploads a file of yours to it
           npm run status -- --watch     shows what happens in it`);
});
