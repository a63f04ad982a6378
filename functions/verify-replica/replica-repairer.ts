import type { Clock } from '../ports/clock.ts';
import type { CapturedRepair, EmployeeRepair } from '../ports/employee-repair.ts';
import type { ProvenDifference } from './slice-verifier.ts';

export interface RepairLimits {
  /** `null`: as fast as it goes. */
  readonly perSecond: number | null;
  /** On the clock. Nothing is captured after it. */
  readonly untilMs: number;
}

/** Captures changes for proven differences, at a limited rate and until a time. */
export class ReplicaRepairer {
  readonly #repair: EmployeeRepair;
  readonly #clock: Clock;
  readonly #limits: RepairLimits;
  readonly #begunAtMs: number;
  images = 0;
  deletions = 0;
  /** The transactions of a repairer follow one another, so whatever includes this change includes the others. */
  lastChangeId: bigint | null = null;
  /** Differences of this round that are left because the time was over. */
  leftByTime = 0;
  /** The lowest key of those; `null` without any. */
  lowestLeft: number | null = null;
  /** Differences of this round that are left because writers kept the table locked. */
  leftByLock = 0;

  constructor(repair: EmployeeRepair, clock: Clock, limits: RepairLimits) {
    this.#repair = repair;
    this.#clock = clock;
    this.#limits = limits;
    this.#begunAtMs = clock.monotonicMs();
  }

  get count(): number {
    return this.images + this.deletions;
  }

  /** The next round finds what this one has left. */
  beginRound(): void {
    this.lastChangeId = null;
    this.leftByTime = 0;
    this.lowestLeft = null;
    this.leftByLock = 0;
  }

  async repair(differences: readonly ProvenDifference[]): Promise<void> {
    const { perSecond, untilMs } = this.#limits;
    // With a rate, a batch is at most what one second may have.
    const size = perSecond === null ? differences.length : Math.max(1, Math.floor(perSecond));
    for (let first = 0; first < differences.length; first += size) {
      if (this.#clock.monotonicMs() >= untilMs) {
        this.#leave(differences.slice(first));
        return;
      }
      await this.#repairBatch(differences.slice(first, first + size));
      await this.#keepRate();
    }
  }

  #leave(differences: readonly ProvenDifference[]): void {
    this.leftByTime += differences.length;
    for (const { empId } of differences) this.lowestLeft = Math.min(this.lowestLeft ?? empId, empId);
  }

  async #repairBatch(differences: readonly ProvenDifference[]): Promise<void> {
    const keysOf = (isInSource: boolean) =>
      differences.filter((difference) => difference.isInSource === isInSource).map(({ empId }) => empId);
    const [present, absent] = [keysOf(true), keysOf(false)];
    if (present.length > 0) this.images += this.#recordCaptured(await this.#repair.publishImages(present));
    if (absent.length > 0) await this.#repairAbsent(absent);
  }

  async #repairAbsent(absent: readonly number[]): Promise<void> {
    // After a locked table not again in this round, because each further batch would wait for the lock just as long.
    const captured = this.leftByLock > 0 ? null : await this.#repair.publishDeletions(absent);
    if (captured === null) this.leftByLock += absent.length;
    else this.deletions += this.#recordCaptured(captured);
  }

  #recordCaptured({ count, lastChangeId }: CapturedRepair): number {
    this.lastChangeId = lastChangeId ?? this.lastChangeId;
    return count;
  }

  async #keepRate(): Promise<void> {
    const { perSecond, untilMs } = this.#limits;
    if (perSecond === null) return;
    const dueMs = this.#begunAtMs + (this.count / perSecond) * 1_000;
    const waitMs = Math.min(dueMs, untilMs) - this.#clock.monotonicMs();
    if (waitMs > 0) await this.#clock.sleep(waitMs);
  }
}
