import { differenceCount, type KeyRange, type RepairedEmployees, SLICE_COUNT } from '../core/verification.ts';
import type { Clock } from '../ports/clock.ts';
import type { EmployeeHashes } from '../ports/employee-hashes.ts';
import type { EmployeeRepair } from '../ports/employee-repair.ts';
import type { Agreement, CheckedSlice, VerificationStore } from '../ports/verification-store.ts';
import type { ArrivalWait } from './arrival-wait.ts';
import { KeyWalk } from './key-walk.ts';
import { checkPreconditions, type Obstacle, PollerCheck, type PreconditionsDependencies } from './preconditions.ts';
import { ReplicaRepairer } from './replica-repairer.ts';
import type { ProvenDifference, SliceVerifier } from './slice-verifier.ts';

/** Where a verification begins: a slice, and the last key of the one before. */
export interface SliceStart {
  readonly slice: number;
  readonly after: number | null;
  /** Of a slice whose repair continues. */
  readonly unfinished?: UnfinishedRepair | undefined;
}

/** What the repair of a slice had no time for. */
export interface UnfinishedRepair {
  /** The lowest key that is left. Those below it were repaired: if they differ again, they do not stay repaired. */
  readonly fromKey: number;
  /** Proven differences that the slice was left with. */
  readonly differences: number;
}

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
  /** Whether the servers are left to others for most of the time. */
  readonly isPaced: boolean;
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
    const agreement = await store.read();
    const first = request.from ?? nextSlice(agreement, this.#dependencies.now());
    let next: SliceStart | null = first;
    if (method !== null) {
      const sliceRows = Math.max(1, Math.ceil((await source.estimateRowCount()) / SLICE_COUNT));
      const walk = new KeyWalk({ source, replica, method, clock, isPaced: request.isPaced });
      const mayContinue = () => checked.length === 0 || clock.monotonicMs() < request.untilMs;
      let recorded = Promise.resolve();
      // In that order, because the round continues after the slice that was verified last.
      for (const again of request.from === null ? differingSlices(agreement, first.slice) : []) {
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
    for (let round = 1; request.isRepair && round <= MAX_REPAIR_ROUNDS; round += 1) {
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

/** The greatest `emp_id`. Nothing is above it. */
const LAST_KEY = 2_147_483_647;

function followerOf({ slice, range }: Pick<CheckedSlice, 'slice' | 'range'>): SliceStart | null {
  return slice === SLICE_COUNT - 1 ? null : { slice: slice + 1, after: range.until ?? LAST_KEY };
}

/**
 * The same slice with what its repair has left; `null` when nothing is left, or when the repair did not get further than
 * the one before. Rows that do not stay repaired would be repeated for ever: the lowest key that is left never falls, and
 * while it stays the differences have to become fewer.
 */
function repeatedSlice(start: SliceStart, slice: CheckedSlice, lowestLeft: number | null): SliceStart | null {
  if (lowestLeft === null) return null;
  const { unfinished } = start;
  const differences = differenceCount(slice);
  const isFurther = unfinished === undefined || lowestLeft > unfinished.fromKey || differences < unfinished.differences;
  return isFurther ? { ...start, unfinished: { fromKey: lowestLeft, differences } } : null;
}

/**
 * The one after the slice that was verified last; the first one when that was the last of all. A slice with a time in
 * the future was verified before the clock was set back. If it counted as the last one, the same slice would follow
 * each time.
 */
function nextSlice({ slices }: Agreement, now: Date): SliceStart {
  const known = slices.filter(({ checkedAt }) => checkedAt <= now);
  const [latest] = known.toSorted((a, b) => b.checkedAt.getTime() - a.checkedAt.getTime() || b.slice - a.slice);
  return (latest && followerOf(latest)) ?? { slice: 0, after: null };
}

/**
 * Slices whose last verification has found differences, or rows that were not settled. A schedule verifies them each time:
 * otherwise a difference that was mended at once would be reported until the round comes back to its slice.
 */
function differingSlices({ slices }: Agreement, except: number): SliceStart[] {
  return slices
    .filter((each) => each.slice !== except && differenceCount(each) + each.unsettled > 0)
    .map(({ slice, range }) => ({ slice, after: range.after }));
}
