import { SAMPLES_PER_KIND, type SalaryComparison, type SalaryFinding } from '../core/verification.ts';
import { FileGoneError } from '../csv/file-gone-error.ts';
import type { Clock } from '../ports/clock.ts';
import type { AuditedFile, SalaryAudit } from '../ports/salary-audit.ts';
import type { VerificationStore } from '../ports/verification-store.ts';
import { compareFile, type FileComparisonDependencies } from './file-comparison.ts';

export interface SalaryVerifierDependencies extends FileComparisonDependencies {
  readonly audit: SalaryAudit;
  readonly verifications: Pick<VerificationStore, 'recordSalaries'>;
  readonly clock: Clock;
  readonly now: () => Date;
}

export interface SalaryRequest {
  readonly isRepair: boolean;
  /** Whether the objects of the bucket are read again. */
  readonly isDeep: boolean;
  /** Where the comparison with the objects continues; `null`: it begins. */
  readonly deepFrom: DeepCheckpoint | null;
  /** On the clock. After it no file is compared or repaired. */
  readonly untilMs: number;
}

/** How far the objects are compared, and what was found. */
export interface DeepCheckpoint {
  readonly afterFileId: string;
  readonly differences: number;
  /** The first of them. */
  readonly findings: readonly SalaryFinding[];
  /** Files that are loaded again. */
  readonly files: number;
}

export interface SalaryResult extends SalaryComparison {
  /** Totals that were computed again, versions whose rows were deleted, and files that are loaded again. */
  readonly repaired: { readonly totals: number; readonly superseded: number; readonly files: number };
  /** When the time was over before all objects were compared: where to continue. Nothing else is known then. */
  readonly nextDeep: DeepCheckpoint | null;
}

/** How often a file has to differ. */
const COMPARISONS = 3;
const COMPARE_AGAIN_MS = 1_000;

const FILES_AT_A_TIME = 100;

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
    const repaired = { totals: 0, superseded: 0, files: deepFrom?.files ?? 0 };
    if (isRepair && deepFrom === null) await this.#repair(request, repaired);
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

  /** The rows first, because the totals are computed from them. What is left is found by the comparison that follows. */
  async #repair({ untilMs }: SalaryRequest, repaired: Repaired): Promise<void> {
    const { audit, store, clock } = this.#dependencies;
    const { faultyFiles, supersededFileIds } = await audit.compare();
    for (const fileId of supersededFileIds) {
      if (clock.monotonicMs() >= untilMs) return;
      await audit.removeRows(fileId);
      repaired.superseded += 1;
    }
    for (const file of faultyFiles) {
      if (clock.monotonicMs() >= untilMs) return;
      // A version that is gone cannot be read again, and its rows would be deleted.
      if (!(await store.isLatest(file))) continue;
      await audit.reload(file.fileId, true);
      repaired.files += 1;
    }
    repaired.totals += await audit.repairTotals();
  }

  async #compareObjects({ isRepair, deepFrom, untilMs }: SalaryRequest, repaired: Repaired): Promise<DeepComparison> {
    const { audit, store, clock } = this.#dependencies;
    const findings = [...(deepFrom?.findings ?? [])];
    let differences = deepFrom?.differences ?? 0;
    let after = deepFrom?.afterFileId ?? null;
    for (;;) {
      const files = await audit.listComplete(after, FILES_AT_A_TIME);
      let compared = 0;
      const differing: DifferingFile[] = [];
      // At least one, so that an invocation that begins late makes progress too.
      for (; compared < files.length && (compared === 0 || clock.monotonicMs() < untilMs); compared += 1) {
        differing.push(...(await this.#differingAmong(files.slice(compared, compared + 1))));
      }
      for (const { file, finding } of await this.#stillDiffering(differing)) {
        if (isRepair && (await store.isLatest(file))) {
          await audit.reload(file.fileId, false);
          repaired.files += 1;
          continue;
        }
        differences += 1;
        if (findings.length < SAMPLES_PER_KIND) findings.push(finding);
      }
      after = files[compared - 1]?.fileId ?? after;
      const isEnd = files.length < FILES_AT_A_TIME && compared === files.length;
      if (isEnd || after === null) return { differences, findings, next: null };
      if (clock.monotonicMs() < untilMs) continue;
      return { differences, findings, next: { afterFileId: after, differences, findings, files: repaired.files } };
    }
  }

  /** A writer that changes a file between two reads makes it differ once, so it has to differ each time. */
  async #stillDiffering(found: readonly DifferingFile[]): Promise<readonly DifferingFile[]> {
    let differing = found;
    for (let comparison = 2; comparison <= COMPARISONS && differing.length > 0; comparison += 1) {
      await this.#dependencies.clock.sleep(COMPARE_AGAIN_MS);
      differing = await this.#differingAmong(differing.map(({ file }) => file));
    }
    return differing;
  }

  /** Without files that are being loaded or replaced meanwhile, whose rows are about to change. */
  async #differingAmong(files: readonly AuditedFile[]): Promise<readonly DifferingFile[]> {
    const differing: DifferingFile[] = [];
    for (const file of files) {
      const finding = await this.#compareObject(file);
      if (finding !== null) differing.push({ file, finding });
    }
    return differing;
  }

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

interface DifferingFile {
  readonly file: AuditedFile;
  readonly finding: SalaryFinding;
}

type Repaired = { -readonly [Kind in keyof SalaryResult['repaired']]: number };

interface DeepComparison {
  readonly differences: number;
  readonly findings: readonly SalaryFinding[];
  readonly next: DeepCheckpoint | null;
}

const NOTHING_DEEP: DeepComparison = { differences: 0, findings: [], next: null };
const NOTHING_COMPARED: SalaryComparison = { files: 0, rows: 0, differences: 0, findings: [] };
