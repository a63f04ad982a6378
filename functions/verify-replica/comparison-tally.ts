import {
  type Comparison,
  DEAD_LETTER_HOLDER,
  type DifferenceCause,
  type DifferenceKind,
  type DifferenceSample,
  SAMPLES_PER_KIND,
} from '../core/verification.ts';

interface Found {
  readonly empId: number;
  readonly kind: DifferenceKind;
  readonly columns: readonly string[];
}

/** Counts what a comparison finds. Its size does not depend on how much that is. */
export class ComparisonTally {
  readonly #counts = { missing: 0, extra: 0, different: 0, held: 0, unsettled: 0 };
  readonly #causes: Partial<Record<DifferenceCause, number>> = {};
  readonly #heldBy: Record<string, number> = {};
  readonly #samples = new Map<string, DifferenceSample[]>();
  rows = 0;
  ranges = 0;

  addDifference(found: Found, cause: DifferenceCause): void {
    this.#counts[found.kind] += 1;
    this.#causes[cause] = (this.#causes[cause] ?? 0) + 1;
    this.#sample(found.kind, found, cause);
  }

  addHeld(found: Found, holder: string): void {
    this.#counts.held += 1;
    this.#heldBy[holder] = (this.#heldBy[holder] ?? 0) + 1;
    this.#sample('held', found, `held by ${holder === DEAD_LETTER_HOLDER ? `a ${holder}` : `rule ${holder}`}`);
  }

  addUnsettled(found: Found): void {
    this.#counts.unsettled += 1;
    this.#sample('unsettled', found, 'unsettled');
  }

  result(): Comparison {
    return {
      ...{ rows: this.rows, ranges: this.ranges },
      ...this.#counts,
      ...{ causes: { ...this.#causes }, heldBy: { ...this.#heldBy } },
      samples: [...this.#samples.values()].flat().sort((a, b) => a.empId - b.empId),
    };
  }

  #sample(group: string, { empId, kind, columns }: Found, cause: string): void {
    const samples = this.#samples.get(group) ?? [];
    this.#samples.set(group, samples);
    if (samples.length < SAMPLES_PER_KIND) samples.push({ empId, kind, cause, columns });
  }
}
