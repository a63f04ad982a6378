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
}

export interface SalaryResult extends SalaryComparison {
  /** Totals that were computed again, versions whose rows were deleted, and files that are loaded again. */
  readonly repaired: { readonly totals: number; readonly superseded: number; readonly files: number };
}

const FILES_AT_A_TIME = 100;

/** Verifies totals, counts and, on request, the rows against the objects that they came from. */
export class SalaryVerifier {
  readonly #dependencies: SalaryVerifierDependencies;

  constructor(dependencies: SalaryVerifierDependencies) {
    this.#dependencies = dependencies;
  }

  /** @throws when the target or, with `isDeep`, the bucket is unreachable. */
  async verify({ isRepair, isDeep }: SalaryRequest): Promise<SalaryResult> {
    const { audit, verifications, clock, now } = this.#dependencies;
    const checkedAt = now();
    const begunAtMs = clock.monotonicMs();
    const repaired = { totals: 0, superseded: 0, files: 0 };
    if (isRepair) await this.#repair(repaired);
    const deep = isDeep ? await this.#compareObjects(isRepair, repaired) : [];
    const { files, rows, differences, findings } = await audit.compare();
    const comparison: SalaryComparison = {
      ...{ files, rows, differences: differences + deep.length },
      findings: [...findings, ...deep].slice(0, SAMPLES_PER_KIND),
    };
    const seconds = (clock.monotonicMs() - begunAtMs) / 1_000;
    await verifications.recordSalaries({ ...comparison, checkedAt, seconds, isDeep });
    return { ...comparison, repaired };
  }

  /** The rows first, because the totals are computed from them. */
  async #repair(repaired: { totals: number; superseded: number; files: number }): Promise<void> {
    const { audit, store } = this.#dependencies;
    const { faultyFiles, supersededFileIds } = await audit.compare();
    for (const fileId of supersededFileIds) await audit.removeRows(fileId);
    repaired.superseded += supersededFileIds.length;
    for (const file of faultyFiles) {
      // A version that is gone cannot be read again, and its rows would be deleted.
      if (!(await store.isLatest(file))) continue;
      await audit.reload(file.fileId, true);
      repaired.files += 1;
    }
    repaired.totals += await audit.repairTotals();
  }

  async #compareObjects(isRepair: boolean, repaired: { files: number }): Promise<readonly SalaryFinding[]> {
    const { audit, store } = this.#dependencies;
    const findings: SalaryFinding[] = [];
    let after: string | null = null;
    for (;;) {
      const files = await audit.listComplete(after, FILES_AT_A_TIME);
      for (const file of files) {
        const finding = await this.#compareObject(file);
        if (finding === null) continue;
        if (isRepair && (await store.isLatest(file))) {
          await audit.reload(file.fileId, false);
          repaired.files += 1;
        } else findings.push(finding);
      }
      if (files.length < FILES_AT_A_TIME) return findings;
      after = files.at(-1)?.fileId ?? null;
    }
  }

  /** `null` when the rows agree, or when the version was replaced meanwhile. */
  async #compareObject(file: AuditedFile): Promise<SalaryFinding | null> {
    try {
      const { differences, firstRow } = await compareFile(this.#dependencies, file);
      if (differences === 0 || !(await this.#dependencies.audit.isCurrent(file.fileId))) return null;
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
