import { type KeyRange, SLICE_COUNT } from '../core/verification.ts';
import type { Clock } from '../ports/clock.ts';
import type { EmployeeHashes, HashMethod } from '../ports/employee-hashes.ts';
import type { EmployeeRepair } from '../ports/employee-repair.ts';
import type { Agreement, CheckedSlice, VerificationStore } from '../ports/verification-store.ts';
import type { ArrivalWait } from './arrival-wait.ts';
import { checkPreconditions, type Obstacle, PollerCheck, type PreconditionsDependencies } from './preconditions.ts';
import { ReplicaRepairer } from './replica-repairer.ts';
import type { SliceVerifier } from './slice-verifier.ts';

/** Where a verification begins: a slice, and the last key of the one before. */
export interface SliceStart {
  readonly slice: number;
  readonly after: number | null;
}

export interface VerifyRequest {
  /** `null`: after the slice that was verified last. */
  readonly from: SliceStart | null;
  readonly maxSlices: number;
  /** Whether differences are repaired. */
  readonly isRepair: boolean;
  /** Repaired rows a second; `null`: as many as possible. */
  readonly repairsPerSecond: number | null;
  /** How long changes that are on their way are waited for, in each slice. */
  readonly settleMs: number;
  /** On the clock. No slice begins after it. */
  readonly untilMs: number;
}

export interface VerifyResult {
  readonly checked: readonly CheckedSlice[];
  /** Where to continue; `null` after the last slice. */
  readonly next: SliceStart | null;
  readonly obstacles: readonly Obstacle[];
  readonly repaired: { readonly images: number; readonly deletions: number };
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
    const { clock, source, store } = this.#dependencies;
    const { obstacles, method } = await checkPreconditions(this.#dependencies);
    // It takes up to a second, during which rows can be compared.
    const poller = this.#pollerCheck.check();
    poller.catch(() => {});
    const repairer = new ReplicaRepairer(this.#dependencies.employeeRepair, clock, request.repairsPerSecond);
    const checked: CheckedSlice[] = [];
    let next: SliceStart | null = request.from ?? nextSlice(await store.read());
    if (method !== null) {
      const sliceRows = Math.max(1, Math.ceil((await source.estimateRowCount()) / SLICE_COUNT));
      while (
        next !== null &&
        checked.length < request.maxSlices &&
        (checked.length === 0 || clock.monotonicMs() < request.untilMs)
      ) {
        const slice = await this.#verifySlice(next, { sliceRows, method, request, repairer });
        await store.recordSlice(slice);
        checked.push(slice);
        next = followerOf(slice);
      }
    }
    const { images, deletions } = repairer;
    return { checked, next, obstacles: [...obstacles, ...(await poller)], repaired: { images, deletions } };
  }

  async #verifySlice(
    { slice, after }: SliceStart,
    { sliceRows, method, request, repairer }: SliceContext,
  ): Promise<CheckedSlice> {
    const { clock, now, sliceVerifier } = this.#dependencies;
    const checkedAt = now();
    const begunAtMs = clock.monotonicMs();
    // The last slice has whatever is left.
    const maxRows = slice === SLICE_COUNT - 1 ? null : sliceRows;
    const verify = (isRepair: boolean) =>
      sliceVerifier.verify({
        ...{ after, maxRows, method, settleMs: request.settleMs },
        ...(isRepair && { onProven: (differences) => repairer.repair(differences) }),
      });
    let result = await verify(request.isRepair);
    for (let round = 1; request.isRepair && round <= MAX_REPAIR_ROUNDS; round += 1) {
      const { lastChangeId } = repairer;
      if (lastChangeId === null) break;
      repairer.lastChangeId = null;
      await this.#dependencies.arrival.untilPassed([lastChangeId], clock.monotonicMs() + REPAIR_ARRIVAL_MS);
      result = await verify(round < MAX_REPAIR_ROUNDS);
    }
    const range: KeyRange = { after, until: result.until };
    return { ...result.comparison, slice, range, checkedAt, seconds: (clock.monotonicMs() - begunAtMs) / 1_000 };
  }
}

interface SliceContext {
  readonly sliceRows: number;
  readonly method: HashMethod;
  readonly request: VerifyRequest;
  readonly repairer: ReplicaRepairer;
}

/** The greatest `emp_id`. Nothing is above it. */
const LAST_KEY = 2_147_483_647;

function followerOf({ slice, range }: Pick<CheckedSlice, 'slice' | 'range'>): SliceStart | null {
  return slice === SLICE_COUNT - 1 ? null : { slice: slice + 1, after: range.until ?? LAST_KEY };
}

/** The one after the slice that was verified last; the first one when that was the last of all. */
function nextSlice({ slices }: Agreement): SliceStart {
  const [latest] = slices.toSorted((a, b) => b.checkedAt.getTime() - a.checkedAt.getTime() || b.slice - a.slice);
  return (latest && followerOf(latest)) ?? { slice: 0, after: null };
}
