import type { ShownRedrive } from '../../../../localstack/commands/redrive/redrive-function.ts';
import {
  needsAttention,
  renderFilter,
  renderOutcome,
  renderPlan,
  renderProgress,
} from '../../../../localstack/commands/redrive/render-redrive.ts';
import { plainPaint } from '../../../../localstack/commands/terminal/style.ts';

const options = { paint: plainPaint };
const redrive = (more: Partial<ShownRedrive>): ShownRedrive => ({
  ...{ redriveId: '7', state: 'complete', claimed: 1_200, published: 1_200, resolved: 1_200, failed: 0, refused: 0 },
  ...{ obsolete: 0 },
  ...{ refusals: [], counts: [], finishedAt: '2026-11-26T10:00:00Z', ...more },
});

describe('a redrive', () => {
  it('is shown by code and destination before it is confirmed', () => {
    const counts = [
      { code: 'PIPE_CHANGE_FIELD', destination: 'employee-changes', count: 1_200 },
      { code: 'PIPE_ROW_SALARY', destination: 'employee-salaries, judged again', count: 3 },
    ];
    expect(renderPlan(counts, options)).toBe(
      [
        'CODE               DESTINATION                      DEAD LETTERS',
        'PIPE_CHANGE_FIELD  employee-changes                        1,200',
        'PIPE_ROW_SALARY    employee-salaries, judged again             3',
      ].join('\n'),
    );
  });

  it('says which dead letters it takes, and that it takes all of them without a filter', () => {
    expect(renderFilter({ topic: undefined, codes: undefined }, 1_200)).toBe('No filter: all 1,200 open dead letters.');
    expect(renderFilter({ key: '7\u001b', codes: ['A', 'B'], file: 'x.csv', topic: 't' }, 1)).toBe(
      'Filter: --topic t --code A --code B --key 7\\x1b --file x.csv: 1 dead letter.',
    );
    const ids = Array.from({ length: 30 }, (_, index) => `t/0/${index}`);
    expect(renderFilter({ ids }, 30)).toMatch(/^Filter: --id t\/0\/0 .* --id t\/0\/9 …: 30 dead letters\.$/);
  });

  it('shows how far it is', () => {
    expect(renderProgress(redrive({ state: 'running', published: 500, refused: 2 }))).toBe('502 of 1,200 published');
    expect(renderProgress(redrive({ state: 'settling', resolved: 3 }))).toBe(
      '3 of 1,200 applied, the outcome of the others is awaited',
    );
  });

  it('is well when everything is applied', () => {
    expect(needsAttention(redrive({}))).toBe(false);
    expect(renderOutcome(redrive({}), options)).toBe('● well   redrive 7: 1,200 applied of 1,200 dead letters');
  });

  it('says what failed again, what was not published and why, without control characters', () => {
    const refusals = [{ code: 'PIPE_REDRIVE_GONE', reason: 'expected it', count: 2, ids: ['b/a\u001b.csv@1#2', 'x'] }];
    const outcome = redrive({ published: 1_198, resolved: 1_190, failed: 8, refused: 2, refusals });
    expect(needsAttention(outcome)).toBe(true);
    expect(renderOutcome(outcome, options).split('\n')).toEqual([
      '● attention   redrive 7: 1,190 applied, 8 failed again, 2 not published of 1,200 dead letters',
      '  2 × PIPE_REDRIVE_GONE, such as b/a\\x1b.csv@1#2',
      '      expected it',
      '  the reason of each: npm run dead-letters',
    ]);
  });

  it('is well when a newer version has replaced a file', () => {
    const replaced = redrive({ published: 1_190, resolved: 1_190, obsolete: 10 });
    expect(needsAttention(replaced)).toBe(false);
    expect(renderOutcome(replaced, options)).toBe(
      '● well   redrive 7: 1,190 applied, 10 obsolete because their file was replaced of 1,200 dead letters',
    );
  });

  it('says how many were not published when it was cancelled', () => {
    const canceled = redrive({ state: 'canceled', published: 200, resolved: 200 });
    expect(renderOutcome(canceled, options)).toBe(
      '● well   redrive 7: 200 applied, cancelled with 1,000 not published of 1,200 dead letters',
    );
  });
});
