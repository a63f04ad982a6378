import type { Clock } from '../ports/clock.ts';
import type { EmployeeRepair } from '../ports/employee-repair.ts';
import type { ProvenDifference } from './slice-verifier.ts';

/** Captures changes for proven differences, at a limited rate. */
export class ReplicaRepairer {
  readonly #repair: EmployeeRepair;
  readonly #clock: Clock;
  readonly #perSecond: number | null;
  readonly #begunAtMs: number;
  images = 0;
  deletions = 0;
  /** The transactions of a repairer follow one another, so whatever includes this change includes the others. */
  lastChangeId: bigint | null = null;

  /** @param perSecond `null`: as fast as it goes. */
  constructor(repair: EmployeeRepair, clock: Clock, perSecond: number | null) {
    this.#repair = repair;
    this.#clock = clock;
    this.#perSecond = perSecond;
    this.#begunAtMs = clock.monotonicMs();
  }

  get count(): number {
    return this.images + this.deletions;
  }

  async repair(differences: readonly ProvenDifference[]): Promise<void> {
    const keysOf = (isInSource: boolean) =>
      differences.filter((difference) => difference.isInSource === isInSource).map(({ empId }) => empId);
    const [present, absent] = [keysOf(true), keysOf(false)];
    if (present.length > 0) {
      const { count, lastChangeId } = await this.#repair.publishImages(present);
      this.images += count;
      this.lastChangeId = lastChangeId ?? this.lastChangeId;
    }
    if (absent.length > 0) {
      const { count, lastChangeId } = await this.#repair.publishDeletions(absent);
      this.deletions += count;
      this.lastChangeId = lastChangeId ?? this.lastChangeId;
    }
    await this.#keepRate();
  }

  async #keepRate(): Promise<void> {
    if (this.#perSecond === null) return;
    const dueMs = this.#begunAtMs + (this.count / this.#perSecond) * 1_000;
    const waitMs = dueMs - this.#clock.monotonicMs();
    if (waitMs > 0) await this.#clock.sleep(waitMs);
  }
}
