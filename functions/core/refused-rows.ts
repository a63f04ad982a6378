import { type BisectOutcome, bisect, type RefusedItem } from './bisect.ts';

/** What is known about a rule of the target database (a constraint, a column's type, a trigger) that refuses rows. */
export interface RefusalEvidence {
  /** Rows of the batch that the rule refuses. */
  readonly refusedInBatch: number;
  /** Rows of the batch that were written. */
  readonly acceptedInBatch: number;
  /** Rows that the rule has refused since a row was last accepted; those of the batch included. */
  readonly refusedInARow: number;
  /** Whether a row was accepted after the rows of the batch had been refused before. */
  readonly acceptedSince: boolean;
  /** Whether the table holds less than the pipeline's schema allows: a narrower type, `not null` where null is allowed. */
  readonly isColumnUnfit: boolean;
  /** Whether no table could hold the value of the row. */
  readonly isValueInvalid: boolean;
  /** Whether at least this many rows are in the table, one of which can be written again as it is. */
  readonly holdsAcceptedRows: (count: number) => Promise<boolean>;
}

/** A batch counts as accepted when at least one of this many rows is. */
const MAX_REFUSED_PER_ACCEPTED = 10;
/** So many rows in a row may be refused while the rows that the table holds are still accepted. More: a share of the table. */
const MAX_REFUSED_IN_A_ROW = 20;

/**
 * Decides whether refused rows are at fault, which makes dead letters of them, or the target's schema, which makes
 * everything wait. The only place that decides it.
 *
 * - Other rows of the batch were accepted, or other batches after these rows were first refused: the rule lets rows pass, so
 *   the refused ones are at fault.
 * - None was, and a column cannot hold what the source can: the schema is at fault. One statement corrects it without a
 *   loss, and until then each further row may be refused too.
 * - None was, and no table could hold the value, e.g. a date that does not exist: the row is at fault.
 * - None was, and a constraint or trigger refuses them. The rows that the table holds decide: if they can be written again,
 *   the constraint fits the data, and the refused rows are at fault. If they cannot, or if there are none, no row is known
 *   that passes, and the schema is at fault.
 * - But the rows of the table are older than the batch. When more than 20 rows in a row are refused, and more than a tenth
 *   of the table, the constraint no longer fits the data. So at most so many dead letters are made of good rows.
 */
export async function areRowsAtFault(evidence: RefusalEvidence): Promise<boolean> {
  const { refusedInBatch, acceptedInBatch, refusedInARow, acceptedSince, holdsAcceptedRows } = evidence;
  if (acceptedInBatch * MAX_REFUSED_PER_ACCEPTED >= refusedInBatch || acceptedSince) return true;
  if (evidence.isColumnUnfit) return false;
  if (evidence.isValueInvalid) return true;
  return holdsAcceptedRows(refusedInARow <= MAX_REFUSED_IN_A_ROW ? 1 : refusedInARow * MAX_REFUSED_PER_ACCEPTED);
}

/** After so many refused items without an accepted one, as many others of the batch are tried before the bisection continues. */
const SAMPLE_SIZE = 20;

/**
 * Isolates refused items, and has them judged.
 *
 * When the first ones are all refused, a sample of the batch is tried and judged before the rest, because the bisection of
 * thousands of items that are all refused takes longer than an invocation may.
 *
 * @param attempt tries a part. One that fails must have no effect, and one that is repeated must have no further effect.
 * @param judge throws when the schema is at fault.
 */
export async function isolateRefused<Item, Result>(
  items: readonly Item[],
  attempt: (part: readonly Item[]) => Promise<Result>,
  judge: (refused: readonly RefusedItem<Item>[]) => Promise<void>,
): Promise<BisectOutcome<Item, Result>> {
  const sampleResults: Result[] = [];
  const firstRefused: RefusedItem<Item>[] = [];
  let hasAccepted = false;
  const watched = async (part: readonly Item[]) => {
    const result = await attempt(part);
    hasAccepted = true;
    return result;
  };
  const judgeEarly = async (refused: RefusedItem<Item>) => {
    firstRefused.push(refused);
    if (hasAccepted || firstRefused.length !== SAMPLE_SIZE) return;
    for (const item of sampleOf(items)) {
      const { results, refused: refusedSample } = await bisect([item], watched);
      sampleResults.push(...results);
      firstRefused.push(...refusedSample);
      if (hasAccepted) return;
    }
    await judge(firstRefused);
  };
  const { results, refused } = await bisect(items, watched, judgeEarly);
  if (refused.length > 0) await judge(refused);
  return { results: [...sampleResults, ...results], refused };
}

/** Items at equal distances, the last one included. */
function sampleOf<Item>(items: readonly Item[]): Item[] {
  const step = Math.ceil(items.length / SAMPLE_SIZE);
  return items.filter((_, index) => (items.length - 1 - index) % step === 0);
}
