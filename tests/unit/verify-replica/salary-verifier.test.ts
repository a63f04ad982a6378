import type { SalaryFinding } from '../../../functions/core/verification.ts';
import type { AuditedFile, SalaryAudit, SalaryAuditResult } from '../../../functions/ports/salary-audit.ts';
import { type SalaryRequest, SalaryVerifier } from '../../../functions/verify-replica/salary-verifier.ts';
import { arrivalOf, BUCKET } from '../../contract/salary-database.ts';
import { InMemoryBucket } from '../../support/in-memory-bucket.ts';
import { InMemoryObjectStore } from '../../support/in-memory-object-store.ts';
import { InMemoryVerificationStore } from '../../support/in-memory-verification-store.ts';

const NOW = new Date('2026-11-26T12:00:00.000Z');
const TEXT =
  'Department,Department-Division,Position Title,Initial Hire Date,Salary\nEMS,Field,Medic,2015-01-01,1000\n';
const ROW = { department: 'EMS', departmentDivision: 'Field', positionTitle: 'Medic', hireDate: '2015-01-01' };
const NONE: SalaryAuditResult = {
  ...{ files: 2, rows: 10, differences: 0, findings: [], faultyFiles: [], supersededFileIds: [] },
};
const finding = (subject: string): SalaryFinding => ({ kind: 'total', subject, message: 'm' });

/** Files of one row. What the tables have of it, and what is called, is up to the test. */
class Rig {
  readonly bucket = new InMemoryBucket(BUCKET);
  readonly store = new InMemoryObjectStore(this.bucket);
  readonly verifications = new InMemoryVerificationStore();
  readonly calls: string[] = [];
  /** Of one comparison after the other; the last one stays. */
  results: SalaryAuditResult[] = [NONE];
  files: AuditedFile[] = [];
  /** The salary that the tables have of the row of a file. */
  readonly salaries = new Map<string, number>();
  readonly replaced = new Set<string>();
  #ms = 0;

  addFile(fileId: string, salary = 1_000): AuditedFile {
    const key = `${fileId}.csv`;
    const { eTag } = this.bucket.put(key, TEXT);
    const file = { ...arrivalOf(key, '1', { eTag }), fileId };
    this.files.push(file);
    this.salaries.set(fileId, salary);
    return file;
  }

  get nowMs(): number {
    return this.#ms;
  }

  /** The clock advances by 1.5 s each time that it is read. */
  verify(request: Partial<SalaryRequest> = {}) {
    const audit: SalaryAudit = {
      compare: async () => (this.results.length > 1 ? this.results.shift() : this.results[0]) ?? NONE,
      listComplete: async (after, max) => {
        this.calls.push(`list after ${after}`);
        return this.files.filter(({ fileId }) => after === null || fileId > after).slice(0, max);
      },
      readRows: async (fileId, after) =>
        after === 0 ? [{ rowNumber: 1, row: { ...ROW, salary: this.salaries.get(fileId) ?? 0 } }] : [],
      isComplete: async (fileId) => !this.replaced.has(fileId),
      removeRows: async (fileId) => void this.calls.push(`remove ${fileId}`),
      reload: async (fileId, keepsRows) =>
        void this.calls.push(`reload ${fileId}${keepsRows ? '' : ' without its rows'}`),
      repairTotals: async () => {
        this.calls.push('repair totals');
        return 4;
      },
    };
    const verifier = new SalaryVerifier({
      ...{ audit, store: this.store, verifications: this.verifications, now: () => NOW },
      filter: { departments: new Set(['EMS']), hiredSince: '2010-01-01' },
      clock: { monotonicMs: () => (this.#ms += 1_500), sleep: async () => {} },
    });
    return verifier.verify({
      ...{ isRepair: false, isDeep: false, deepFrom: null, untilMs: Number.POSITIVE_INFINITY },
      ...request,
    });
  }
}

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});

describe('a verification of the salaries', () => {
  it('reports and records what the tables say, and changes nothing', async () => {
    rig.results = [{ ...NONE, differences: 1, findings: [finding('CIT')], supersededFileIds: ['9'] }];
    const comparison = { files: 2, rows: 10, differences: 1, findings: [finding('CIT')] };
    const repaired = { totals: 0, superseded: 0, files: 0 };
    expect(await rig.verify()).toEqual({ ...comparison, repaired, nextDeep: null });
    expect(rig.calls).toEqual([]);
    const { salaries } = await rig.verifications.read();
    expect(salaries).toMatchObject({ ...comparison, checkedAt: NOW, seconds: 1.5, isDeep: false });
  });

  it('repairs the rows before the totals, which are computed from them, and then compares', async () => {
    const [present, gone] = [rig.addFile('1'), rig.addFile('2')];
    rig.bucket.delete(gone.key);
    rig.results = [{ ...NONE, differences: 9, faultyFiles: [present, gone], supersededFileIds: ['7', '8'] }, NONE];
    expect(await rig.verify({ isRepair: true })).toMatchObject({
      ...{ differences: 0, repaired: { totals: 4, superseded: 2, files: 1 } },
    });
    expect(rig.calls).toEqual(['remove 7', 'remove 8', 'reload 1', 'repair totals']);
  });

  it('continues a repair that had no time to end, and says what all of its parts have corrected', async () => {
    const [first, second] = [rig.addFile('1'), rig.addFile('2')];
    const found = { ...NONE, faultyFiles: [first, second] };
    rig.results = [
      { ...found, differences: 3, supersededFileIds: ['7'] },
      { ...found, differences: 2 },
      { ...found, differences: 1, faultyFiles: [second] },
      NONE,
    ];
    let result = await rig.verify({ isRepair: true, isDeep: true, untilMs: rig.nowMs });
    const parts = [result];
    while (result.nextDeep !== null) {
      result = await rig.verify({ isRepair: true, isDeep: true, deepFrom: result.nextDeep, untilMs: rig.nowMs });
      parts.push(result);
    }
    expect(parts.map(({ nextDeep }) => nextDeep?.unrepaired)).toEqual([3, 2, 1, null, undefined]);
    expect(result).toMatchObject({ differences: 0, repaired: { totals: 4, superseded: 1, files: 2 } });
    expect(rig.calls.slice(0, 4)).toEqual(['remove 7', 'reload 1', 'reload 2', 'repair totals']);
  });

  it('does not continue a repair after which as much differs as before', async () => {
    const found = { ...NONE, differences: 2, faultyFiles: [rig.addFile('1'), rig.addFile('2')] };
    rig.results = [found];
    const { nextDeep } = await rig.verify({ isRepair: true, untilMs: rig.nowMs });
    expect(await rig.verify({ isRepair: true, deepFrom: nextDeep, untilMs: rig.nowMs })).toMatchObject({
      ...{ differences: 2, repaired: { totals: 4, files: 1 }, nextDeep: null },
    });
    expect(rig.calls).toEqual(['reload 1', 'repair totals']);
  });

  it('names at most the first 20 differences', async () => {
    rig.addFile('1', 5);
    const findings = Array.from({ length: 20 }, (_, index) => finding(String(index)));
    rig.results = [{ ...NONE, differences: 300, findings }];
    expect(await rig.verify({ isDeep: true })).toMatchObject({ differences: 301, findings });
  });
});

describe('a verification against the objects', () => {
  it('names an object whose rows differ, after what the tables say', async () => {
    rig.addFile('1');
    rig.addFile('2', 5);
    rig.results = [{ ...NONE, differences: 1, findings: [finding('CIT')] }];
    expect(await rig.verify({ isDeep: true })).toMatchObject({
      differences: 2,
      findings: [
        finding('CIT'),
        {
          ...{ kind: 'object', subject: '2.csv' },
          message:
            'expected the rows of version 1 of the object, found 1 that differ, the first one in row 1; npm run verify -- ' +
            '--repair --deep loads the file again',
        },
      ],
    });
    expect((await rig.verifications.read()).salaries).toMatchObject({ isDeep: true, deepCheckedAt: NOW });
    expect(rig.calls).toEqual(['list after null']);
  });

  it('loads a file again, without its old rows, when it repairs', async () => {
    rig.addFile('1', 5);
    rig.addFile('2');
    expect(await rig.verify({ isDeep: true, isRepair: true })).toMatchObject({
      ...{ differences: 0, findings: [], repaired: { files: 1 } },
    });
    expect(rig.calls).toEqual(['repair totals', 'list after null', 'reload 1 without its rows']);
  });

  it('only names it when the bucket has a newer version, which will replace its rows', async () => {
    const file = rig.addFile('1', 5);
    jest.spyOn(rig.store, 'isLatest').mockImplementation(async (arrival) => arrival.key !== file.key);
    expect(await rig.verify({ isDeep: true, isRepair: true })).toMatchObject({
      ...{ differences: 1, findings: [{ kind: 'object', subject: '1.csv' }], repaired: { files: 0 } },
    });
  });

  it('says nothing of an object that was deleted, and of a version that was replaced meanwhile', async () => {
    rig.bucket.delete(rig.addFile('1', 5).key);
    rig.addFile('2', 5);
    rig.replaced.add('2');
    expect(await rig.verify({ isDeep: true })).toMatchObject({ differences: 0, findings: [] });
  });

  it('fails while the bucket is unreachable', async () => {
    rig.addFile('1');
    rig.bucket.outage = new Error('unreachable');
    await expect(rig.verify({ isDeep: true })).rejects.toThrow('unreachable');
  });

  it('reads all files, a hundred at a time', async () => {
    for (let number = 100; number < 300; number += 1) rig.addFile(String(number), number === 299 ? 5 : 1_000);
    expect(await rig.verify({ isDeep: true })).toMatchObject({ findings: [{ subject: '299.csv' }] });
    expect(rig.calls).toEqual(['list after null', 'list after 199', 'list after 299']);
  });
});
