import type { KeyRange } from '../core/verification.ts';

/** Hash functions by which rows of both sides are compared. `columns` gives the same value on servers of one major version only. */
export type HashMethod = 'columns' | 'md5';

export interface ComparableTable {
  readonly majorVersion: number;
  /** The columns with their types, in the order of their names; `null` when there is no table. */
  readonly shape: string | null;
}

/** The number of rows and the sum of their hashes. A sum, because equal rows would cancel out under XOR. */
export interface HashSum {
  readonly count: number;
  readonly sum: string;
}

/** The sum of the next rows in the order of the keys. */
export interface HashedChunk extends HashSum {
  /** The least and the greatest key; `null` of no rows. */
  readonly first: number | null;
  readonly last: number | null;
  /** How many transactions have written to the server so far. Only the difference between two chunks means something. */
  readonly transactions: number;
}

/** How a chunk is divided: ranges of `width` keys from `first` on. The first one is open below, and the last one above. */
export interface Division {
  readonly first: number;
  readonly width: number;
  readonly count: number;
}

/**
 * The employees of one side as hashes. `after` excludes a key, and `until` includes it.
 *
 * Order: ascending by key.
 * Concurrency: all calls may overlap, with writers too: each call sees the rows of one moment.
 *
 * @throws every method, when the database is unreachable or the table has other columns.
 */
export interface EmployeeHashes {
  inspect(): Promise<ComparableTable>;

  /** About how many rows there are; exact when there are few. */
  estimateRowCount(): Promise<number>;

  /** The next rows after a key, at most `maxRows`. */
  sumNext(after: number | null, maxRows: number, method: HashMethod): Promise<HashedChunk>;

  sumRange(range: KeyRange, method: HashMethod): Promise<HashSum>;

  /** The sums of the parts of a range that have rows, by the number of the part. */
  sumParts(range: KeyRange, division: Division, method: HashMethod): Promise<ReadonlyMap<number, HashSum>>;

  /** The hash of each key of a range, at most of `maxRows`. Where a key has several rows: the sum of their hashes. */
  readHashes(range: KeyRange, maxRows: number, method: HashMethod): Promise<ReadonlyMap<number, string>>;
}
