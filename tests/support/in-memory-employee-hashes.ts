import type { KeyRange } from '../../functions/core/verification.ts';
import type { Division, EmployeeHashes, HashedChunk } from '../../functions/ports/employee-hashes.ts';

/** One side: the hashes by key. */
export class InMemoryEmployeeHashes implements EmployeeHashes {
  readonly rows: Map<number, bigint>;
  transactions = 0;

  constructor(rows: Iterable<readonly [number, bigint]>) {
    this.rows = new Map([...rows].sort(([a], [b]) => a - b));
  }

  async inspect() {
    return { majorVersion: 18, shape: 'usual' };
  }

  async estimateRowCount() {
    return this.rows.size;
  }

  async sumNext(after: number | null, maxRows: number): Promise<HashedChunk> {
    const chunk = this.#in({ after, until: null }).slice(0, maxRows);
    return {
      first: chunk[0]?.[0] ?? null,
      last: chunk.at(-1)?.[0] ?? null,
      ...sumOf(chunk),
      transactions: this.transactions,
    };
  }

  async sumRange(range: KeyRange) {
    return sumOf(this.#in(range));
  }

  async sumParts(range: KeyRange, { first, width, count }: Division) {
    const partOf = (key: number) => Math.max(0, Math.min(count - 1, Math.floor((key - first) / width)));
    const parts = Map.groupBy(this.#in(range), ([key]) => partOf(key));
    return new Map([...parts].map(([part, rows]) => [part, sumOf(rows)]));
  }

  async readHashes(range: KeyRange, maxRows: number) {
    return new Map(
      this.#in(range)
        .slice(0, maxRows)
        .map(([key, hash]) => [key, String(hash)]),
    );
  }

  #in({ after, until }: KeyRange): [number, bigint][] {
    return [...this.rows].filter(([key]) => (after === null || key > after) && (until === null || key <= until));
  }
}

function sumOf(rows: readonly (readonly [number, bigint])[]) {
  return { count: rows.length, sum: String(rows.reduce((sum, [, hash]) => sum + hash, 0n)) };
}
