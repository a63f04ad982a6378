import { type KeyRange, type RepairedEmployees, SLICE_COUNT } from '../core/verification.ts';
import type { Clock } from '../ports/clock.ts';
import type { EmployeeHashes } from '../ports/employee-hashes.ts';
import type { EmployeeRepair } from '../ports/employee-repair.ts';
import type { CheckedSlice, VerificationStore } from '../ports/verification-store.ts';
import type { ArrivalWait } from './arrival-wait.ts';
import { KeyWalk } from './key-walk.ts';
import { checkPreconditions, type Obstacle, PollerCheck, type PreconditionsDependencies } from './preconditions.ts';
import { ReplicaRepairer } from './replica-repairer.ts';
import { dueSlices, followerOf, nextSlice, repeatedSlice, type SliceStart } from './slice-order.ts';
import type { ProvenDifference, SliceVerifier } from './slice-verifier.ts';
import type { VerifyPace } from './walk-pace.ts';

/** On the clock. */
export interface VerifyTimes {
  /** After it no slice of the changes begins, no file is compared, and nothing is repaired. */
  readonly untilMs: number;
  /** Later. What is not judged by then counts as unsettled. */
  readonly endMs: number;
}

export interface VerifyRequest extends VerifyTimes {
  /** `null`: after the slice that was verified last. */
  readonly from: SliceStart | null;
  readonly maxSlices: number;
  /** Whether differences are repaired. */
  readonly isRepair: boolean;
  /** Repaired rows a second; `null`: as many as possible. */
  readonly repairsPerSecond: number | null;
  readonly pace: VerifyPace;
  /** How long changes that are on their way are waited for, in each slice. */
  readonly settleMs: number;
}

export interface VerifyResult {
  readonly checked: readonly CheckedSlice[];
  /**
   * Where to continue; `null` after the last slice. It is the same slice again when the time was over before all of its
   * differences were repaired, and the repair makes progress.
   */
  readonly next: SliceStart | null;
  readonly obstacles: readonly Obstacle[];
  readonly repaired: RepairedEmployees;
}

export interface ReplicaVerifierDependencies extends PreconditionsDependencies {
  readonly source: EmployeeHashes;
  readonly replica: EmployeeHashes;
  readonly sliceVerifier: Pick<SliceVerifier, 'verify'>;
  readonly arrival: Pick<ArrivalWait, 'untilPassed'>;
  readonly employeeRepair: EmployeeRepair;
  readonly store: VerificationStore;
  readonly clock: Clock;
  readonly now: () => Date;
}

/** After so many repairs a slice is left as it is: what differs then needs another remedy. */
const MAX_REPAIR_ROUNDS = 3;

/** How long repairs may take until they are applied. Ten million take that long. */
const REPAIR_ARRIVAL_MS = 600_000;

/**
 * Verifies the employees slice by slice and stores what it finds.
 *
 * Killed at any moment it leaves complete results of the slices before. A repair that was captured is applied nevertheless.
 */
export class ReplicaVerifier {
  readonly #dependencies: ReplicaVerifierDependencies;
  readonly #pollerCheck: PollerCheck;

  constructor(dependencies: ReplicaVerifierDependencies) {
    this.#dependencies = dependencies;
    this.#pollerCheck = new PollerCheck(dependencies.ledger, dependencies.clock);
  }

  /** @throws when a server is unreachable. */
  async verify(request: VerifyRequest): Promise<VerifyResult> {
    const { clock, source, replica, store } = this.#dependencies;
    const { obstacles, method } = await checkPreconditions(this.#dependencies);
    // It takes up to a second, during which rows can be compared.
    const poller = this.#pollerCheck.check();
    poller.catch(() => {});
    const limits = { perSecond: request.repairsPerSecond, untilMs: request.untilMs };
    const repairer = new ReplicaRepairer(this.#dependencies.employeeRepair, clock, limits);
    const left = { leftByTime: 0, leftByLock: 0 };
    const checked: CheckedSlice[] = [];
    const { first, due } = await this.#starts(request.from);
    let next: SliceStart | null = first;
    if (method !== null) {
      const sliceRows = Math.max(1, Math.ceil((await source.estimateRowCount()) / SLICE_COUNT));
      const walk = new KeyWalk({ source, replica, method, clock, pace: request.pace });
      const mayContinue = () => checked.length === 0 || clock.monotonicMs() < request.untilMs;
      let recorded = Promise.resolve();
      // In that order, because the round continues after the slice that was verified last.
      for (const again of due) {
        if (!mayContinue()) break;
        const slice = await this.#verifySlice(again, { sliceRows, walk, isContinued: false, request, repairer });
        await store.recordSlice(slice);
        checked.push(slice);
      }
      const maxSlices = checked.length + request.maxSlices;
      try {
        while (next !== null && checked.length < maxSlices && mayContinue()) {
          const isContinued = checked.length + 1 < maxSlices;
          const slice = await this.#verifySlice(next, { sliceRows, walk, isContinued, request, repairer });
          await recorded;
          // The next slice does not wait for it.
          recorded = store.recordSlice(slice);
          recorded.catch(() => {});
          checked.push(slice);
          left.leftByTime += repairer.leftByTime;
          left.leftByLock += repairer.leftByLock;
          const repeated: SliceStart | null =
            repairer.count === 0 ? null : repeatedSlice(next, slice, repairer.lowestLeft);
          next = repeated ?? followerOf(slice);
          if (repeated !== null) break;
        }
      } finally {
        await recorded;
      }
    }
    const { images, deletions } = repairer;
    return { checked, next, obstacles: [...obstacles, ...(await poller)], repaired: { images, deletions, ...left } };
  }

  /** Where to begin, and slices that are verified before that. */
  async #starts(from: SliceStart | null): Promise<{ readonly first: SliceStart; readonly due: readonly SliceStart[] }> {
    if (from !== null) return { first: from, due: [] };
    const agreement = await this.#dependencies.store.read();
    const now = this.#dependencies.now();
    const first = nextSlice(agreement, now);
    return { first, due: dueSlices(agreement, first.slice, now) };
  }

  async #verifySlice(
    { slice, after, unfinished }: SliceStart,
    { sliceRows, walk, isContinued, request, repairer }: SliceContext,
  ): Promise<CheckedSlice> {
    const { clock, now, sliceVerifier } = this.#dependencies;
    const checkedAt = now();
    const begunAtMs = clock.monotonicMs();
    // The last slice has whatever is left.
    const maxRows = slice === SLICE_COUNT - 1 ? null : sliceRows;
    const isToRepair = ({ empId }: ProvenDifference) => unfinished === undefined || empId >= unfinished.fromKey;
    const verify = (isRepair: boolean) =>
      sliceVerifier.verify({
        ...{ after, maxRows, walk, settleMs: request.settleMs, endMs: request.endMs },
        // A repaired slice is verified again before the next one begins, so nothing is summed ahead.
        isContinued: isContinued && !request.isRepair,
        ...(isRepair && { onProven: (differences) => repairer.repair(differences.filter(isToRepair)) }),
      });
    repairer.beginRound();
    let result = await verify(request.isRepair);
    for (let round = 1; request.isRepair; round += 1) {
      const { lastChangeId, leftByTime } = repairer;
      if (lastChangeId === null) break;
      const arrivalEndMs = Math.min(clock.monotonicMs() + REPAIR_ARRIVAL_MS, request.endMs);
      await this.#dependencies.arrival.untilPassed([lastChangeId], arrivalEndMs);
      const isLastRound = round === MAX_REPAIR_ROUNDS || leftByTime > 0;
      if (!isLastRound) repairer.beginRound();
      result = await verify(!isLastRound);
      if (isLastRound) break;
    }
    const range: KeyRange = { after, until: result.until };
    return { ...result.comparison, slice, range, checkedAt, seconds: (clock.monotonicMs() - begunAtMs) / 1_000 };
  }
}

interface SliceContext {
  readonly sliceRows: number;
  readonly walk: KeyWalk;
  readonly isContinued: boolean;
  readonly request: VerifyRequest;
  readonly repairer: ReplicaRepairer;
}
