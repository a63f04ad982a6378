import type { KeyRange } from '../core/verification.ts';
import type { Clock } from '../ports/clock.ts';
import type { EmployeeHashes, HashedChunk, HashMethod, HashSum } from '../ports/employee-hashes.ts';
import { type VerifyPace, WalkPace } from './walk-pace.ts';

/**
 * Rows of a chunk, whose sums are compared first. Smaller: more round trips for rows that agree. Larger: more rows are
 * hashed a second time when one differs, which beside writers is the usual case.
 */
const CHUNK_ROWS = 25_000;

/** Rows of a chunk of a gentle walk: a statement of one or two milliseconds. */
const SMALL_CHUNK_ROWS = 2_000;

/** Rows of a part of a chunk that differs. */
const PART_ROWS = 500;

/** Rows of one read of single hashes. They bound the memory. */
const READ_ROWS = 5_000;

export interface KeyWalkSettings {
  readonly source: EmployeeHashes;
  readonly replica: EmployeeHashes;
  readonly method: HashMethod;
  readonly clock: Clock;
  readonly pace: VerifyPace;
  readonly chunkRows?: number;
}

export interface WalkOptions {
  /** Whether another run follows at the end of this one, so that its first chunk can be summed ahead. */
  readonly isContinued?: boolean;
  /** On the clock. When the run should be over. */
  readonly endMs?: number;
}

export interface WalkedKeys {
  readonly rows: number;
  readonly ranges: number;
  /** The last key; `null` when the walk went to the end. */
  readonly until: number | null;
}

/** A chunk that the source sums before it is needed. */
interface ChunkAhead {
  readonly after: number | null;
  readonly maxRows: number;
  readonly chunk: Promise<TimedChunk>;
}

/** A chunk that is summed ahead may arrive long before it is used. */
interface TimedChunk extends HashedChunk {
  readonly atMs: number;
}

/**
 * Finds the keys whose rows differ, in the order of the keys. The rows of a chunk are hashed by both servers at the same
 * time as far as possible: while the replica sums a chunk, the source sums the next one, also that of the next run.
 *
 * A row that changes meanwhile is found too: whether it differs is to be judged afterwards.
 */
export class KeyWalk {
  readonly method: HashMethod;
  readonly #source: EmployeeHashes;
  readonly #replica: EmployeeHashes;
  readonly #clock: Clock;
  readonly #pace: WalkPace;
  readonly #chunkRows: number | undefined;
  #ahead: ChunkAhead | undefined;
  #ranges = 0;

  constructor({ source, replica, method, clock, pace, chunkRows }: KeyWalkSettings) {
    this.method = method;
    this.#source = source;
    this.#replica = replica;
    this.#clock = clock;
    this.#pace = new WalkPace(pace, clock);
    this.#chunkRows = chunkRows;
  }

  /** @param maxRows of the source; `null`: up to the end, beyond the last key of the source. */
  async run(
    after: number | null,
    maxRows: number | null,
    onDifferent: (empIds: readonly number[]) => Promise<void>,
    { isContinued = false, endMs = Number.POSITIVE_INFINITY }: WalkOptions = {},
  ): Promise<WalkedKeys> {
    this.#pace.begin(endMs);
    this.#ranges = 0;
    let rows = 0;
    let from = after;
    for (;;) {
      const size = this.#nextSize(maxRows, rows);
      const chunk = await this.#pace.work(() => this.#sumNext(from, size));
      this.#pace.sawTransactions(chunk.transactions, chunk.atMs);
      const isEnd = chunk.last === null || chunk.count < size;
      rows += chunk.count;
      const range = { after: from, until: isEnd ? null : chunk.last };
      const isLast = isEnd || rows === maxRows;
      if (!isLast) this.#sumAhead(chunk.last, this.#nextSize(maxRows, rows));
      else if (isContinued && !isEnd) this.#sumAhead(chunk.last, this.#nextSize(maxRows, 0));
      const sum = await this.#pace.work(() => this.#replica.sumRange(range, this.method));
      this.#ranges += 1;
      if (!isSameSum(chunk, sum)) await this.#compareParts(range, chunk, onDifferent);
      await this.#pace.rest();
      if (isLast) return { rows, ranges: this.#ranges, until: range.until };
      from = chunk.last;
    }
  }

  #nextSize(maxRows: number | null, rows: number): number {
    const chunkRows = this.#chunkRows ?? (this.#pace.hasSmallSteps ? SMALL_CHUNK_ROWS : CHUNK_ROWS);
    return maxRows === null ? chunkRows : Math.min(chunkRows, maxRows - rows);
  }

  #sumNext(after: number | null, maxRows: number): Promise<TimedChunk> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    if (ahead?.after === after && ahead.maxRows === maxRows) return ahead.chunk;
    return this.#sum(after, maxRows);
  }

  async #sum(after: number | null, maxRows: number): Promise<TimedChunk> {
    const chunk = await this.#source.sumNext(after, maxRows, this.method);
    return { ...chunk, atMs: this.#clock.monotonicMs() };
  }

  #sumAhead(after: number | null, maxRows: number): void {
    if (this.#pace.hasSmallSteps) return;
    const chunk = this.#sum(after, maxRows);
    // It is awaited when it is needed, or not at all after an error before that.
    chunk.catch(() => {});
    this.#ahead = { after, maxRows, chunk };
  }

  async #compareParts(
    range: KeyRange,
    chunk: HashedChunk,
    onDifferent: (empIds: readonly number[]) => Promise<void>,
  ): Promise<void> {
    for (const part of await this.#differingParts(range, chunk)) await this.#compareRows(part, onDifferent);
  }

  /** The parts of a chunk whose sums differ. Parts beside each other become one range. */
  async #differingParts(range: KeyRange, { first, last, count }: HashedChunk): Promise<readonly KeyRange[]> {
    if (first === null || last === null || count <= PART_ROWS) return [range];
    const keyCount = last - first + 1;
    const width = Math.ceil(keyCount / Math.ceil(count / PART_ROWS));
    const division = { first, width, count: Math.ceil(keyCount / width) };
    const [source, replica] = await this.#pace.work(() =>
      Promise.all([this.#source, this.#replica].map((side) => side.sumParts(range, division, this.method))),
    );
    this.#ranges += division.count;
    const ranges: KeyRange[] = [];
    for (let part = 0; part < division.count; part += 1) {
      if (isSameSum(source?.get(part), replica?.get(part))) continue;
      const after = part === 0 ? range.after : first + part * width - 1;
      const until = part === division.count - 1 ? range.until : first + (part + 1) * width - 1;
      const previous = ranges.at(-1);
      if (previous !== undefined && previous.until === after) ranges[ranges.length - 1] = { ...previous, until };
      else ranges.push({ after, until });
    }
    return ranges;
  }

  async #compareRows(range: KeyRange, onDifferent: (empIds: readonly number[]) => Promise<void>): Promise<void> {
    let { after } = range;
    for (;;) {
      const rest = { after, until: range.until };
      const [source, replica] = await this.#pace.work(() =>
        Promise.all([
          this.#source.readHashes(rest, READ_ROWS, this.method),
          this.#replica.readHashes(rest, READ_ROWS, this.method),
        ]),
      );
      // A full read may go on. Up to the lesser last key both sides are complete.
      const ends = [source, replica].filter(({ size }) => size === READ_ROWS).map(lastKey);
      const end = ends.length === 0 ? null : Math.min(...ends);
      const different = differingKeys(source, replica, end);
      if (different.length > 0) await onDifferent(different);
      if (end === null) return;
      after = end;
    }
  }
}

function isSameSum(a: HashSum | undefined, b: HashSum | undefined): boolean {
  return (a?.count ?? 0) === (b?.count ?? 0) && (a?.sum ?? '0') === (b?.sum ?? '0');
}

function lastKey(hashes: ReadonlyMap<number, string>): number {
  return Math.max(...hashes.keys());
}

/** The keys with different hashes, or on one side only, up to `end`; ascending. */
function differingKeys(
  source: ReadonlyMap<number, string>,
  replica: ReadonlyMap<number, string>,
  end: number | null,
): number[] {
  const different = [...source].filter(([empId, hash]) => replica.get(empId) !== hash).map(([empId]) => empId);
  for (const empId of replica.keys()) if (!source.has(empId)) different.push(empId);
  return different.filter((empId) => end === null || empId <= end).sort((a, b) => a - b);
}
