import { SAMPLES_PER_KIND, type SalaryComparison, type SalaryFinding } from '../core/verification.ts';
import { FileGoneError } from '../csv/file-gone-error.ts';
import type { Clock } from '../ports/clock.ts';
import type { AuditedFile, SalaryAudit } from '../ports/salary-audit.ts';
import type { VerificationStore } from '../ports/verification-store.ts';
import { compareFile, type FileComparisonDependencies } from './file-comparison.ts';
import type { VerifyTimes } from './replica-verifier.ts';

export interface SalaryVerifierDependencies extends FileComparisonDependencies {
  readonly audit: SalaryAudit;
  readonly verifications: Pick<VerificationStore, 'recordSalaries'>;
  readonly clock: Clock;
  readonly now: () => Date;
}

export interface SalaryRequest extends Pick<VerifyTimes, 'untilMs'> {
  readonly isRepair: boolean;
  /** Whether the objects of the bucket are read again. */
  readonly isDeep: boolean;
  /** Where the repair, or the comparison with the objects, continues; `null`: it begins. */
  readonly deepFrom: DeepCheckpoint | null;
}

/** How far an invocation came whose time was over. */
export interface DeepCheckpoint {
  /** Differences that the repair began with when it is not finished; `null` when it is. */
  readonly unrepaired: number | null;
  /** The last file that is compared; `null` before the first one. */
  readonly afterFileId: string | null;
  readonly differences: number;
  /** The first of them. */
  readonly findings: readonly SalaryFinding[];
  readonly repaired: RepairedSalaries;
}

/** Totals that were computed again, versions whose rows were deleted, and files that are loaded again. */
export interface RepairedSalaries {
  readonly totals: number;
  readonly superseded: number;
  readonly files: number;
}

export interface SalaryResult extends SalaryComparison {
  /** By all invocations together. */
  readonly repaired: RepairedSalaries;
  /** Where to continue, when the time was over before all was repaired and compared. Only `repaired` is known then. */
  readonly nextDeep: DeepCheckpoint | null;
}

/** How often a file has to differ. */
const COMPARISONS = 3;
const COMPARE_AGAIN_MS = 1_000;

const FILES_AT_A_TIME = 100;

/**
 * So long after the first file that differs, those that differ are compared again. Longer: more is repeated when the time
 * is over. Shorter: fewer files share the waiting time.
 */
const PROVE_AFTER_MS = 10_000;

/** Verifies totals, counts and, on request, the rows against the objects that they came from. */
export class SalaryVerifier {
  readonly #dependencies: SalaryVerifierDependencies;

  constructor(dependencies: SalaryVerifierDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws when the target or, with `isDeep`, the bucket is unreachable. */
  async verify(request: SalaryRequest): Promise<SalaryResult> {
    const { audit, verifications, clock, now } = this.#dependencies;
    const { isRepair, isDeep, deepFrom } = request;
    const checkedAt = now();
    const begunAtMs = clock.monotonicMs();
    const begin = deepFrom ?? BEGINNING;
    const repaired = { ...begin.repaired };
    if (isRepair && (deepFrom === null || deepFrom.unrepaired !== null)) {
      const unrepaired = await this.#repair(request, repaired);
      if (unrepaired !== null) return { ...NOTHING_COMPARED, repaired, nextDeep: { ...begin, unrepaired, repaired } };
    }
    const deep = isDeep ? await this.#compareObjects(request, repaired) : NOTHING_DEEP;
    if (deep.next !== null) return { ...NOTHING_COMPARED, repaired, nextDeep: deep.next };
    const { files, rows, differences, findings } = await audit.compare();
    const comparison: SalaryComparison = {
      ...{ files, rows, differences: differences + deep.differences },
      findings: [...findings, ...deep.findings].slice(0, SAMPLES_PER_KIND),
    };
    const seconds = (clock.monotonicMs() - begunAtMs) / 1_000;
    await verifications.recordSalaries({ ...comparison, checkedAt, seconds, isDeep });
    return { ...comparison, repaired, nextDeep: null };
  }

  /**
   * The rows first, because the totals are computed from them. What is left is found by the comparison that follows. One
   * difference is corrected in any case, so that every invocation makes progress.
   *
   * @returns the number of differences that it began with when the time was over before its end; `null` at its end.
   */
  async #repair({ deepFrom, untilMs }: SalaryRequest, repaired: Repaired): Promise<number | null> {
    const { audit, store, clock } = this.#dependencies;
    const { differences, faultyFiles, supersededFileIds } = await audit.compare();
    // What differs again after each repair would be repaired for ever.
    const isProgress = differences < (deepFrom?.unrepaired ?? Number.POSITIVE_INFINITY);
    let isFirst = true;
    const isOver = () => !isFirst && clock.monotonicMs() >= untilMs;
    for (const fileId of isProgress ? supersededFileIds : []) {
      if (isOver()) return differences;
      await audit.removeRows(fileId);
      repaired.superseded += 1;
      isFirst = false;
    }
    for (const file of isProgress ? faultyFiles : []) {
      if (isOver()) return differences;
      // A version that is gone cannot be read again, and its rows would be deleted.
      if (!(await store.isLatest(file))) continue;
      await audit.reload(file.fileId, true);
      repaired.files += 1;
      isFirst = false;
    }
    if (isOver()) return differences;
    repaired.totals += await audit.repairTotals();
    return null;
  }

  async #compareObjects({ isRepair, deepFrom, untilMs }: SalaryRequest, repaired: Repaired): Promise<DeepComparison> {
    const { audit, store, clock } = this.#dependencies;
    const begin = deepFrom ?? BEGINNING;
    const findings = [...begin.findings];
    let { differences, afterFileId: after } = begin;
    for (;;) {
      const files = await audit.listComplete(after, FILES_AT_A_TIME);
      let { differing, decided } = await this.#compareFiles(files, untilMs);
      for (const { file, index, finding } of differing) {
        if (isRepair && index > 0 && clock.monotonicMs() >= untilMs) {
          decided = index;
          break;
        }
        if (isRepair && (await store.isLatest(file))) {
          await audit.reload(file.fileId, false);
          repaired.files += 1;
          continue;
        }
        differences += 1;
        if (findings.length < SAMPLES_PER_KIND) findings.push(finding);
      }
      after = files[decided - 1]?.fileId ?? after;
      const isEnd = files.length < FILES_AT_A_TIME && decided === files.length;
      if (isEnd || after === null) return { differences, findings, next: null };
      if (clock.monotonicMs() < untilMs) continue;
      return { differences, findings, next: { unrepaired: null, afterFileId: after, differences, findings, repaired } };
    }
  }

  /**
   * Compares files until the time is over. The first one is decided in any case, so that every invocation makes progress.
   *
   * A writer that changes a file between two reads makes it differ once, so it has to differ each time.
   */
  async #compareFiles(files: readonly AuditedFile[], untilMs: number): Promise<ComparedFiles> {
    const { clock } = this.#dependencies;
    let firstUntilMs = untilMs;
    let differing: DifferingFile[] = [];
    let decided = 0;
    for (const [index, file] of files.entries()) {
      if (index > 0 && clock.monotonicMs() >= firstUntilMs) break;
      const finding = await this.#compareObject(file);
      decided = index + 1;
      if (finding === null) continue;
      if (differing.length === 0) firstUntilMs = Math.min(untilMs, clock.monotonicMs() + PROVE_AFTER_MS);
      differing.push({ file, index, finding });
    }
    for (let comparison = 2; comparison <= COMPARISONS && differing.length > 0; comparison += 1) {
      await clock.sleep(COMPARE_AGAIN_MS);
      const again: DifferingFile[] = [];
      for (const { file, index } of differing) {
        if (index > 0 && clock.monotonicMs() >= untilMs) {
          decided = index;
          break;
        }
        const finding = await this.#compareObject(file);
        if (finding !== null) again.push({ file, index, finding });
      }
      differing = again;
    }
    return { differing, decided };
  }

  /** Returns `null` also for a file that is loaded or replaced meanwhile, whose rows are about to change. */
  async #compareObject(file: AuditedFile): Promise<SalaryFinding | null> {
    try {
      const { differences, firstRow } = await compareFile(this.#dependencies, file);
      if (differences === 0 || !(await this.#dependencies.audit.isComplete(file.fileId))) return null;
      const message =
        `expected the rows of version ${file.version} of the object, found ${differences} that differ, the first one in row ` +
        `${firstRow}; npm run verify -- --repair --deep loads the file again`;
      return { kind: 'object', subject: file.key, message };
    } catch (error) {
      // An object that was deleted leaves its rows in the tables, which is right.
      if (error instanceof FileGoneError) return null;
      throw error;
    }
  }
}

interface ComparedFiles {
  readonly differing: readonly DifferingFile[];
  /** How many files, from the first one on, are proven to differ or not. */
  readonly decided: number;
}

interface DifferingFile {
  readonly file: AuditedFile;
  /** Among the files that are compared together. */
  readonly index: number;
  readonly finding: SalaryFinding;
}

type Repaired = { -readonly [Kind in keyof RepairedSalaries]: number };

interface DeepComparison {
  readonly differences: number;
  readonly findings: readonly SalaryFinding[];
  readonly next: DeepCheckpoint | null;
}

const NOTHING_DEEP: DeepComparison = { differences: 0, findings: [], next: null };
const NOTHING_COMPARED: SalaryComparison = { files: 0, rows: 0, differences: 0, findings: [] };
const BEGINNING: DeepCheckpoint = {
  ...{ unrepaired: null, afterFileId: null, differences: 0, findings: [] },
  repaired: { totals: 0, superseded: 0, files: 0 },
};
