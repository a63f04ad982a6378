import { classifyError } from './classify-error.ts';

/** An item that was refused permanently when it was tried alone. */
export interface RefusedItem<Item> {
  readonly item: Item;
  readonly error: unknown;
}

export interface BisectOutcome<Item, Result> {
  /** Of each part that succeeded, in the order of the items. */
  readonly results: readonly Result[];
  /** In the order of the items. */
  readonly refused: readonly RefusedItem<Item>[];
}

/**
 * Isolates the items that make a batch fail permanently: tries the whole batch, halves a part that fails, and ends with
 * each bad item alone. One bad item among n costs about 2 log2(n) attempts. `items` may be empty; then nothing is tried.
 *
 * An attempt that fails must have no effect.
 *
 * @param onRefused is called after each refused item.
 * @throws the first error that is not permanent, and an error of `onRefused`. Parts that succeeded before it keep their
 * effect, so the caller retries the batch as a whole and needs idempotent attempts.
 */
export async function bisect<Item, Result>(
  items: readonly Item[],
  attempt: (part: readonly Item[]) => Promise<Result>,
  onRefused: (refused: RefusedItem<Item>) => Promise<void> = async () => {},
): Promise<BisectOutcome<Item, Result>> {
  const [first] = items;
  if (first === undefined) return { results: [], refused: [] };
  try {
    return { results: [await attempt(items)], refused: [] };
  } catch (error) {
    if (classifyError(error) !== 'permanent') throw error;
    if (items.length === 1) {
      await onRefused({ item: first, error });
      return { results: [], refused: [{ item: first, error }] };
    }
    const middle = Math.ceil(items.length / 2);
    const left = await bisect(items.slice(0, middle), attempt, onRefused);
    const right = await bisect(items.slice(middle), attempt, onRefused);
    return { results: [...left.results, ...right.results], refused: [...left.refused, ...right.refused] };
  }
}
