import { type Comparison, type DifferenceCause, type DifferenceSample, differenceCount } from './verification.ts';

/** What the last verifications of all slices have found together. */
export interface AgreementSummary {
  readonly rows: number;
  /** Proven differences: missing, extra and different rows. */
  readonly different: number;
  /** Rows that a rule or a dead letter keeps out of B. */
  readonly held: number;
  readonly unsettled: number;
  /** Proven differences by cause, the most frequent first. */
  readonly causes: readonly (readonly [cause: DifferenceCause, rows: number])[];
  /** Held rows by rule, or by `DEAD_LETTER_HOLDER`, the most frequent first. */
  readonly heldBy: readonly (readonly [holder: string, rows: number])[];
  readonly samples: readonly DifferenceSample[];
  /** `null` without differences. */
  readonly differsSince: Date | null;
  /** `null` before the first verification. */
  readonly newestCheckAt: Date | null;
}

type Slice = Comparison & { readonly checkedAt: Date; readonly differsSince: Date | null };

export function summarizeAgreement({ slices }: { readonly slices: readonly Slice[] }): AgreementSummary {
  const sum = (count: (slice: Slice) => number) => slices.reduce((total, slice) => total + count(slice), 0);
  const since = slices.flatMap(({ differsSince }) => differsSince?.getTime() ?? []);
  const checks = slices.map(({ checkedAt }) => checkedAt.getTime());
  return {
    rows: sum(({ rows }) => rows),
    different: sum(differenceCount),
    held: sum(({ held }) => held),
    unsettled: sum(({ unsettled }) => unsettled),
    causes: addUp(slices.map(({ causes }) => causes)) as [DifferenceCause, number][],
    heldBy: addUp(slices.map(({ heldBy }) => heldBy)),
    samples: slices.flatMap(({ samples }) => samples),
    differsSince: since.length === 0 ? null : new Date(Math.min(...since)),
    newestCheckAt: checks.length === 0 ? null : new Date(Math.max(...checks)),
  };
}

/** The most frequent first. */
function addUp(counts: readonly Readonly<Record<string, number>>[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const [name, count] of counts.flatMap(Object.entries<number>)) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a);
}

const CAUSES: Readonly<Record<DifferenceCause, string>> = {
  'trigger-disabled': 'changed while a capture trigger was off',
  'edited-in-target': 'edited in B',
  'came-in-by-another-way': 'written to B by another way',
  lost: 'lost on the way',
};

export function causeText(cause: DifferenceCause): string {
  return CAUSES[cause];
}
