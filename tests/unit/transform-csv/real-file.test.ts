import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createTransformRig, totalsOf } from '../../support/transform-fakes.ts';

const REAL_FILE = path.resolve('../shared/data/Employee_Salaries.csv');

describe('the real file', () => {
  // It is not part of the project; the generated sample is tested everywhere.
  if (!existsSync(REAL_FILE)) {
    it.skip(`is not there: ${REAL_FILE}`, () => {});
    return;
  }

  it('gives exactly the known totals', async () => {
    const rig = createTransformRig();

    const { state, counts } = await rig.put(readFileSync(REAL_FILE));

    expect(state).toBe('loading');
    expect(counts).toEqual({ read: 6954, filteredOut: 6667, rejected: 0, sent: 287 });
    expect(totalsOf(rig.publisher.records)).toEqual({ EMS: 3_779_570, CIT: 9_102_142, ECC: 2_042_698 });
    expect(rig.deadLetters.letters).toEqual([]);
  });
});
