import { agreementSection } from '../../../../functions/dashboard/page/agreement-section.ts';
import { exampleState } from '../../../support/dashboard/example-state.ts';

const now = new Date('2026-11-26T08:00:00Z');

/** The last sentence of the section, when the slices were checked the given seconds ago. */
function checkedText(newestSeconds: number, oldestSeconds: number | null): string {
  const before = (seconds: number) => new Date(now.getTime() - seconds * 1_000);
  const { value } = exampleState(now).readings.agreement;
  if (value === null) throw new Error('Expected an agreement in the example, found none.');
  const slices = value.slices.map((slice) => ({ ...slice, checkedAt: before(newestSeconds) }));
  const oldestCheckedAt = oldestSeconds === null ? null : before(oldestSeconds);
  const section = agreementSection(exampleState(now, { agreement: { ...value, slices, oldestCheckedAt } })).toString();
  const [, text = ''] = /<p class="quiet">((?:(?!<p).)*)<\/p>\s*$/s.exec(section) ?? [];
  return text.replaceAll(/<[^>]+>/g, '');
}

describe('the age of the agreement', () => {
  it.each([
    [3, 5, 'Every part was checked just now.'],
    [180, 200, 'Every part was checked 3 min ago.'],
    [3, 2_460, 'Checked just now, the oldest part 41 min ago.'],
    [3, null, 'Checked just now, not every part yet.'],
  ])('of parts that were checked %d to %p s ago is said once', (newest, oldest, text) => {
    expect(checkedText(newest, oldest)).toBe(text);
  });
});
