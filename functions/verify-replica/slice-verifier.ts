import type { DifferenceKind, Comparison } from '../core/verification.ts';
import type { Clock } from '../ports/clock.ts';
import type { ArrivalWait } from './arrival-wait.ts';
import type { Candidate, CandidateJudge, JudgedCandidate } from './candidate-judge.ts';
import { ComparisonTally } from './comparison-tally.ts';
import type { KeyWalk } from './key-walk.ts';

/** A difference that is proven. */
export interface ProvenDifference {
  readonly empId: number;
  readonly isInSource: boolean;
}

export interface SliceVerifierDependencies {
  readonly judge: Pick<CandidateJudge, 'judge'>;
  readonly arrival: Pick<ArrivalWait, 'untilPassed'>;
  readonly clock: Clock;
}

export interface SliceRequest {
  readonly after: number | null;
  /** Of the source; `null`: up to the end. */
  readonly maxRows: number | null;
  /** The walk of the whole verification. */
  readonly walk: KeyWalk;
  /** Whether the next slice follows at once. */
  readonly isContinued: boolean;
  /** How long changes that are on their way are waited for, all together. */
  readonly settleMs: number;
  /** On the clock. Keys that are not judged by then count as unsettled. */
  readonly endMs: number;
  /** Is called with differences as they are found. */
  readonly onProven?: (differences: readonly ProvenDifference[]) => Promise<void>;
}

/** Keys of one judgement. Smaller: more round trips. Larger: more memory, and older evidence. */
const JUDGED_KEYS = 2_500;

/** Keys that wait together. They bound the memory. */
const WAITING_KEYS = 10_000;

/** Compares a part of the keys, waits for what is on its way, and judges what still differs. */
export class SliceVerifier {
  readonly #dependencies: SliceVerifierDependencies;

  constructor(dependencies: SliceVerifierDependencies) {
    this.#dependencies = dependencies;
  }

  async verify(request: SliceRequest): Promise<{ readonly comparison: Comparison; readonly until: number | null }> {
    const { after, maxRows, walk, isContinued, endMs } = request;
    const run = new SliceRun(this.#dependencies, request);
    const { rows, ranges, until } = await walk.run(after, maxRows, (keys) => run.add(keys), { isContinued, endMs });
    await run.finish();
    run.tally.rows = rows;
    run.tally.ranges = ranges;
    return { comparison: run.tally.result(), until };
  }
}

class SliceRun {
  readonly tally = new ComparisonTally();
  readonly #dependencies: SliceVerifierDependencies;
  readonly #request: SliceRequest;
  #candidates: number[] = [];
  #waiting: Candidate[] = [];
  /** One judgement runs while the walk reads the next keys. */
  #judging = Promise.resolve();
  #settleUntilMs: number | undefined;

  constructor(dependencies: SliceVerifierDependencies, request: SliceRequest) {
    this.#dependencies = dependencies;
    this.#request = request;
  }

  async add(empIds: readonly number[]): Promise<void> {
    for (const empId of empIds) this.#candidates.push(empId);
    while (this.#candidates.length >= JUDGED_KEYS) {
      await this.#judging;
      this.#judging = this.#judgeNext();
      // It is awaited before the next one, or not at all after an error of the walk.
      this.#judging.catch(() => {});
    }
    if (this.#waiting.length < WAITING_KEYS) return;
    await this.#judging;
    await this.#settle();
  }

  async finish(): Promise<void> {
    await this.#judging;
    while (this.#candidates.length > 0) await this.#judgeNext();
    await this.#settle();
  }

  async #judgeNext(): Promise<void> {
    const empIds = this.#candidates.splice(0, JUDGED_KEYS);
    if (this.#dependencies.clock.monotonicMs() >= this.#request.endMs) {
      for (const empId of empIds) this.tally.addUnsettled({ empId, kind: 'different', columns: [] });
      return;
    }
    const inFlight = await this.#judge(empIds.map((empId) => ({ empId, settledId: null })));
    this.#waiting.push(...inFlight.map(({ candidate }) => candidate));
  }

  /** Waits until the changes of all waiting keys have arrived or are lost, again for keys that change meanwhile. */
  async #settle(): Promise<void> {
    const { arrival, clock } = this.#dependencies;
    while (this.#waiting.length > 0) {
      this.#settleUntilMs ??= Math.min(clock.monotonicMs() + this.#request.settleMs, this.#request.endMs);
      const waiting = this.#waiting;
      this.#waiting = [];
      const changeIds = waiting.map(({ settledId }) => settledId ?? 0n).filter((changeId) => changeId > 0n);
      const havePassed = await arrival.untilPassed(changeIds, this.#settleUntilMs);
      const isOver = !havePassed || clock.monotonicMs() >= this.#settleUntilMs;
      for (let first = 0; first < waiting.length; first += JUDGED_KEYS) {
        const keys = waiting.slice(first, first + JUDGED_KEYS);
        // Without proof that they have passed, a change that is not there may still be on its way.
        const inFlight = await this.#judge(havePassed ? keys : keys.map(({ empId }) => ({ empId, settledId: null })));
        if (isOver) for (const { found } of inFlight) this.tally.addUnsettled(found);
        else this.#waiting.push(...inFlight.map(({ candidate }) => candidate));
      }
    }
  }

  /** Counts those that are decided, and returns the others with the changes that they wait for. */
  async #judge(candidates: readonly Candidate[]) {
    const judged = await this.#dependencies.judge.judge(candidates);
    const proven: ProvenDifference[] = [];
    const inFlight: { readonly candidate: Candidate; readonly found: Found }[] = [];
    for (const { empId, verdict, columns, isInSource } of judged) {
      if (verdict.outcome === 'agreed') continue;
      if (verdict.outcome === 'in-flight') {
        inFlight.push({
          candidate: { empId, settledId: verdict.changeId },
          found: { empId, kind: verdict.kind, columns },
        });
      } else if (verdict.outcome === 'held') {
        this.tally.addHeld({ empId, kind: verdict.kind, columns }, verdict.holder);
      } else {
        this.tally.addDifference({ empId, kind: verdict.kind, columns }, verdict.cause);
        proven.push({ empId, isInSource });
      }
    }
    if (proven.length > 0) await this.#request.onProven?.(proven);
    return inFlight;
  }
}

type Found = Pick<JudgedCandidate, 'empId' | 'columns'> & { readonly kind: DifferenceKind };
