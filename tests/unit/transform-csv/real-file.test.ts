import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { TransformRig } from '../../support/transform-rig.ts';

const REAL_FILE = path.resolve('../shared/data/Employee_Salaries.csv');

describe('the real file', () => {
  // It is not part of the repository. Elsewhere the generated sample is tested.
  if (!existsSync(REAL_FILE)) {
    it.skip(`is missing at ${REAL_FILE}`, () => {});
    return;
  }

  it('gives exactly the known totals', async () => {
    const rig = new TransformRig();

    const { state, counts } = await rig.transformContent(readFileSync(REAL_FILE));

    expect(state).toBe('loading');
    expect(counts).toEqual({ read: 6954, filteredOut: 6667, rejected: 0, sent: 287 });
    expect(rig.totals).toEqual({ EMS: 3_779_570, CIT: 9_102_142, ECC: 2_042_698 });
    expect(rig.deadLetters.deadLetters).toEqual([]);
  });
});
