import type { AuditedFile } from '../../../functions/ports/salary-audit.ts';
import { SalaryVerifier, type DeepCheckpoint } from '../../../functions/verify-replica/salary-verifier.ts';
import { InMemoryVerificationStore } from '../../support/in-memory-verification-store.ts';
import { SleeplessClock } from '../../support/sleepless-clock.ts';

const FILES = 250;

const fileOf = (number: number): AuditedFile => ({
  ...{ fileId: String(1_000 + number), bucket: 'b', key: `${number}.csv`, version: '1', versionId: null },
  ...{ sequencer: '1', eTag: 'e', sizeBytes: 1 },
});

/**
 * Files of one row each; those of `differing` differ in their first comparisons, as often as it says. `compareMs` is what
 * each comparison takes.
 */
function createRig(differing: Readonly<Record<number, number>> = {}, compareMs = 10) {
  const files = Array.from({ length: FILES }, (_, number) => fileOf(number));
  const loading = new Set<string>();
  const reloaded: string[] = [];
  const compared: string[] = [];
  const left = new Map(Object.entries(differing).map(([number, times]) => [`${number}.csv`, times]));
  const clock = new SleeplessClock();
  const store = new InMemoryVerificationStore();
  const verifier = new SalaryVerifier({
    store: {
      open: async ({ key }) => {
        clock.nowMs += compareMs;
        compared.push(key);
        const times = left.get(key) ?? 0;
        left.set(key, times - 1);
        return (async function* () {
          yield Buffer.from('Department,Department-Division,Position Title,Initial Hire Date,Salary\n');
          if (times > 0) yield Buffer.from('EMS,Field,Medic,2012-05-01,5\n');
        })();
      },
      isLatest: async () => true,
    },
    audit: {
      compare: async () => ({
        ...{ files: FILES, rows: 0, differences: 0, findings: [] },
        faultyFiles: [],
        supersededFileIds: [],
      }),
      listComplete: async (after, maxFiles) =>
        files.filter(({ fileId }) => after === null || fileId > after).slice(0, maxFiles),
      readRows: async () => [],
      isComplete: async (fileId) => !loading.has(fileId),
      removeRows: async () => {},
      reload: async (fileId) => void reloaded.push(fileId),
      repairTotals: async () => 0,
    },
    verifications: store,
    filter: { departments: new Set(['EMS']), hiredSince: '2010-01-01' },
    clock,
    now: () => new Date(0),
  });
  const verify = (request: { deepFrom?: DeepCheckpoint | null; untilMs?: number; isRepair?: boolean } = {}) =>
    verifier.verify({
      ...{ isRepair: false, isDeep: true, deepFrom: null, untilMs: Number.POSITIVE_INFINITY },
      ...request,
    });
  return { verify, store, loading, reloaded, compared, now: () => clock.nowMs };
}

describe('the comparison of salaries with their objects', () => {
  it('reports a file that differs each time it is compared, and none that a writer was changing', async () => {
    const { verify, loading } = createRig({ 3: 99, 4: 1, 120: 2, 200: 99 });
    loading.add(fileOf(200).fileId);
    expect(await verify()).toMatchObject({ differences: 1, findings: [{ subject: '3.csv' }], nextDeep: null });
  });

  it('ends when the time is over, and continues there with what it has found', async () => {
    const rig = createRig({ 3: 99, 180: 99 });
    let deepFrom: DeepCheckpoint | null = null;
    let result = await rig.verify({ untilMs: 100 });
    // The fourth file differs once, which is no proof.
    expect(result).toMatchObject({ differences: 0, nextDeep: { afterFileId: '1002', differences: 0 } });
    expect((await rig.store.read()).salaries).toBeNull();
    for (let invocation = 0; result.nextDeep !== null; invocation += 1) {
      expect(invocation).toBeLessThan(40);
      deepFrom = result.nextDeep;
      result = await rig.verify({ deepFrom, untilMs: rig.now() + 100 });
    }
    expect(result).toMatchObject({ differences: 2, findings: [{ subject: '3.csv' }, { subject: '180.csv' }] });
    expect(new Set(rig.compared).size).toBe(FILES);
    expect((await rig.store.read()).salaries).toMatchObject({ differences: 2, isDeep: true });
  });

  it('counts the files that earlier invocations have repaired', async () => {
    const rig = createRig({ 3: 99, 180: 99 });
    // A hundred comparisons of 10 ms, and two more of the file that differs, each after a second.
    const { nextDeep } = await rig.verify({ isRepair: true, untilMs: 3_100 });
    expect(rig.reloaded).toEqual(['1003']);
    const result = await rig.verify({ isRepair: true, deepFrom: nextDeep });
    expect(result).toMatchObject({ differences: 0, repaired: { files: 2 } });
    expect(rig.reloaded).toEqual(['1003', '1180']);
  });

  it('begins no comparison when the time is over, but those of one file, whatever differs', async () => {
    const rig = createRig(Object.fromEntries(Array.from({ length: FILES }, (_, number) => [number, 99])));
    const { nextDeep } = await rig.verify({ untilMs: 500 });
    expect(rig.compared).toHaveLength(52);
    expect(nextDeep).toMatchObject({ afterFileId: '1000', differences: 1 });
    let result = await rig.verify({ deepFrom: nextDeep, untilMs: rig.now() + 60_000 });
    while (result.nextDeep !== null) {
      result = await rig.verify({ deepFrom: result.nextDeep, untilMs: rig.now() + 3_000 });
    }
    expect(result).toMatchObject({ differences: FILES });
  });

  it('proves a difference 10 seconds after it is found, so that little is repeated when the time is over', async () => {
    const rig = createRig({ 3: 99 }, 1_000);
    await rig.verify();
    expect(rig.compared.indexOf('3.csv', 4)).toBe(14);
  });

  it('loads no file again when the time is over', async () => {
    const rig = createRig({ 0: 99, 1: 99, 2: 99 }, 500);
    // The comparisons of 10.5 s are followed by two of three files, each after a second.
    const { nextDeep } = await rig.verify({ isRepair: true, untilMs: 15_500 });
    expect(nextDeep).toMatchObject({ afterFileId: '1000', repaired: { files: 1 } });
    expect(rig.reloaded).toEqual(['1000']);
    await rig.verify({ isRepair: true, deepFrom: nextDeep });
    expect(rig.reloaded).toEqual(['1000', '1001', '1002']);
  });
});
