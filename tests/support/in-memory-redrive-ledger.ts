import { stateOfFailure } from '../../functions/core/dead-letter-entry.ts';
import { PipelineError } from '../../functions/core/errors.ts';
import type { FileArrival } from '../../functions/core/ingestion.ts';
import type { OffsetRange } from '../../functions/core/offset-range.ts';
import type {
  ClaimedDeadLetter,
  Redrive,
  RedriveCount,
  RedriveFilter,
  RedriveRequest,
} from '../../functions/core/redrive.ts';
import type { DeadLetterPosition, RedriveLedger, RedriveOutcome } from '../../functions/ports/redrive-ledger.ts';
import type { AwaitedOutcomes, RedriveOutcomes } from '../../functions/ports/redrive-outcomes.ts';
import type { RedriveEntry } from '../contract/redrive-ledger-subject.ts';
import {
  awaitedOutcomes,
  claimedEntry,
  comparePositions,
  countsOf,
  failedFileOf,
  fileArrivalOf,
  isFree,
  isIn,
  isInProgress,
  isReplaced,
  isSelected,
  mergeRefused,
  type StoredEntry,
  type StoredFile,
  type StoredRedrive,
} from './redrive-entries.ts';

const EMPTY = { published: 0, resolved: 0, failed: 0, refused: 0, obsolete: 0, refusals: [], finishedAt: null };

/** The ledger of dead letters in memory, as redrives see it. */
export class InMemoryRedriveLedger implements RedriveLedger, RedriveOutcomes {
  readonly entries: StoredEntry[] = [];
  readonly files: StoredFile[] = [];
  /** As `KEY@VERSION#ROW`. */
  readonly loadedRows = new Set<string>();
  readonly #redrives: StoredRedrive[] = [];
  /** What the ingestion ledger knows of a file. */
  arrivalOf: (file: StoredFile) => FileArrival = fileArrivalOf;
  /** Called before each change; may throw, as a database that is unreachable does, or as a process that is killed. */
  onChange: (method: string) => void | Promise<void> = () => {};

  add(...entries: readonly RedriveEntry[]): void {
    this.entries.push(...entries.map((entry) => ({ ...entry, to: null })));
  }

  /** As index-dead-letters does when a dead letter fails again. */
  comeBack(dlqId: string, place: Partial<RedriveEntry> = {}): void {
    const entry = this.#entry(dlqId);
    if (entry) Object.assign(entry, place, { attempts: entry.attempts + 1, state: stateOfFailure(entry.attempts + 1) });
  }

  age(byMs: number): void {
    for (const redrive of this.#redrives) redrive.heartbeatMs -= byMs;
  }

  async count(filter: RedriveFilter): Promise<readonly RedriveCount[]> {
    return countsOf(this.entries.filter((entry) => isSelected(entry, filter)));
  }

  async knownCodes(): Promise<readonly string[]> {
    return [...new Set(this.entries.map(({ code }) => code))];
  }

  async plan({ filter, note, rate }: RedriveRequest): Promise<Redrive | null> {
    await this.onChange('plan');
    const other = this.#redrives.find(isInProgress);
    if (other) throw new PipelineError('PIPE_REDRIVE_IN_PROGRESS', other.redriveId, { retry: 'manual' });
    const chosen = this.entries.filter((entry) => isSelected(entry, filter));
    if (chosen.length === 0) return null;
    const redriveId = String(this.#redrives.length + 1);
    const counts = countsOf(chosen);
    for (const entry of chosen) Object.assign(entry, { state: 'claimed', redriveId, to: null });
    const redrive = { redriveId, filter, note, rate, counts, claimed: chosen.length, createdAt: 'now', ...EMPTY };
    this.#redrives.push({ ...redrive, state: 'planned', owner: null, heartbeatMs: 0 });
    return this.find(redriveId);
  }

  async find(redriveId?: string): Promise<Redrive | null> {
    const found = redriveId === undefined ? this.#redrives.at(-1) : this.#redrive(redriveId);
    if (found === undefined) return null;
    const { owner: _owner, heartbeatMs: _heartbeat, ...redrive } = found;
    return redrive;
  }

  async findAbandoned(staleAfterMs: number): Promise<Redrive | null> {
    const redrive = this.#redrives.find((each) => isInProgress(each) && isFree(each, staleAfterMs));
    return redrive ? this.find(redrive.redriveId) : null;
  }

  async acquire(redriveId: string, owner: string, staleAfterMs: number): Promise<Redrive | null> {
    await this.onChange('acquire');
    const redrive = this.#redrive(redriveId);
    if (!redrive || !isInProgress(redrive)) return null;
    if (redrive.owner !== owner && !isFree(redrive, staleAfterMs)) return null;
    Object.assign(redrive, { owner, state: 'running', heartbeatMs: Date.now() });
    return this.find(redriveId);
  }

  async renew(redriveId: string, owner: string): Promise<boolean> {
    const redrive = this.#redrive(redriveId);
    if (redrive?.owner !== owner || redrive.state !== 'running') return false;
    redrive.heartbeatMs = Date.now();
    return true;
  }

  async release(redriveId: string, owner: string): Promise<void> {
    const redrive = this.#redrive(redriveId);
    if (redrive?.owner === owner) redrive.owner = null;
  }

  async nextBatch(redriveId: string, after: DeadLetterPosition | null, limit: number) {
    return this.entries
      .filter((entry) => entry.state === 'claimed' && entry.redriveId === redriveId)
      .map((entry) => this.#claimedOf(entry))
      .sort(comparePositions)
      .filter((claimed) => after === null || comparePositions(claimed, after) > 0)
      .slice(0, limit);
  }

  async recordBatch(redriveId: string, owner: string, outcome: RedriveOutcome): Promise<boolean> {
    await this.onChange('recordBatch');
    const redrive = this.#redrive(redriveId) as StoredRedrive;
    const move = <Item extends { readonly dlqId: string; readonly attempts: number }>(
      items: readonly Item[],
      change: (entry: StoredEntry) => object,
      from = ['claimed', 'open', 'parked'],
    ) =>
      items.filter(({ dlqId, attempts }) => {
        const entry = this.#entry(dlqId);
        const canMove = entry && entry.redriveId === redriveId && entry.attempts === attempts;
        if (!canMove || !from.includes(entry.state)) return false;
        Object.assign(entry, change(entry));
        return true;
      });
    const published = [
      ...outcome.published.flatMap((item) => move([item], () => ({ state: 'redriven', to: item.to }))),
      ...move(outcome.requested, () => ({ state: 'redriven' })),
    ];
    const refused = move(outcome.refused, ({ attempts }) => ({ state: stateOfFailure(attempts) }), ['claimed']);
    const returned = outcome.returned.flatMap((item) =>
      move(
        [item],
        ({ attempts }) => ({ state: stateOfFailure(attempts + 1), attempts: attempts + 1, code: item.code }),
        ['claimed'],
      ),
    );
    const filtered = move(outcome.filtered, () => ({ state: 'resolved' }));
    for (const { fileId } of filtered) {
      const file = this.files.find((each) => each.fileId === fileId);
      if (file) Object.assign(file, { rejected: file.rejected - 1, filteredOut: file.filteredOut + 1 });
    }
    const obsolete = move(outcome.obsolete, () => ({ state: 'obsolete' }));
    redrive.published += published.length + returned.length + filtered.length;
    redrive.failed += returned.length;
    redrive.resolved += filtered.length;
    redrive.refused += refused.length;
    redrive.obsolete += obsolete.length;
    redrive.refusals = mergeRefused(redrive.refusals, refused);
    return this.renew(redriveId, owner);
  }

  async finishPublishing(redriveId: string, owner: string): Promise<void> {
    await this.onChange('finishPublishing');
    const redrive = this.#redrive(redriveId);
    if (!redrive || !(await this.renew(redriveId, owner))) return;
    Object.assign(redrive, {
      state: 'settling',
      owner: null,
      published: redrive.claimed - redrive.refused - redrive.obsolete,
    });
  }

  async cancel(redriveId: string): Promise<Redrive | null> {
    const redrive = this.#redrive(redriveId);
    if (!redrive) return null;
    for (const entry of this.entries) {
      if (entry.redriveId === redriveId && entry.state === 'claimed') entry.state = stateOfFailure(entry.attempts);
    }
    if (isInProgress(redrive)) redrive.state = 'canceled';
    return this.find(redriveId);
  }

  async findAwaited(): Promise<readonly AwaitedOutcomes[]> {
    return awaitedOutcomes(this.entries);
  }

  async resolve(topic: string, partition: number, ranges: readonly OffsetRange[], topicId: string): Promise<number> {
    await this.onChange('resolve');
    return this.#settle('resolved', (entry) => {
      if (!ranges.some((range) => isIn(entry, topic, partition, range))) return false;
      if (entry.to?.topicId !== topicId || (entry.file?.row !== undefined && !this.#isLoaded(entry))) return false;
      entry.state = 'resolved';
      return true;
    });
  }

  async reopenUnloaded(topic: string, partition: number, ranges: readonly OffsetRange[]): Promise<number> {
    return this.#settle('failed', (entry) => {
      if (!ranges.some((range) => isIn(entry, topic, partition, range))) return false;
      if (entry.file?.row === undefined || this.#isLoaded(entry)) return false;
      if (['loading', 'superseded'].includes(this.#fileOf(entry)?.state ?? '')) return false;
      entry.state = stateOfFailure(entry.attempts);
      return true;
    });
  }

  async reopenDeletedTopic(topic: string, topicId: string): Promise<number> {
    return this.#settle('failed', (entry) => {
      if (entry.state !== 'redriven' || entry.to?.topic !== topic || entry.to.topicId === topicId) return false;
      entry.state = stateOfFailure(entry.attempts);
      return true;
    });
  }

  async reopen(topic: string, partition: number, range: OffsetRange): Promise<number> {
    return this.#settle('failed', (entry) => {
      if (!isIn(entry, topic, partition, range)) return false;
      entry.state = stateOfFailure(entry.attempts);
      return true;
    });
  }

  async resolveFiles(): Promise<number> {
    const settle = (column: 'resolved' | 'failed', states: readonly string[], change: (entry: StoredEntry) => object) =>
      this.#settle(column, (entry) => {
        if (entry.state !== 'redriven' || entry.to !== null || entry.file?.row !== undefined) return false;
        if (!states.includes(this.#fileOf(entry)?.state ?? '')) return false;
        Object.assign(entry, change(entry));
        return true;
      });
    const resolved = settle('resolved', ['complete', 'unchanged'], () => ({ state: 'resolved' }));
    return (
      resolved +
      settle('failed', ['rejected'], ({ attempts }) => {
        return { attempts: attempts + 1, state: stateOfFailure(attempts + 1) };
      })
    );
  }

  async markObsolete(): Promise<number> {
    const obsolete = this.entries.filter((entry) => isReplaced(entry, this.#fileOf(entry), this.files));
    for (const entry of obsolete) {
      const redrive = this.#redrive(entry.redriveId ?? '');
      if (entry.state === 'redriven' && redrive) {
        redrive.obsolete += 1;
        redrive.published -= 1;
      }
      entry.state = 'obsolete';
    }
    return obsolete.length;
  }

  async completeSettled(): Promise<void> {
    for (const redrive of this.#redrives) {
      if (!['settling', 'canceled'].includes(redrive.state) || redrive.finishedAt !== null) continue;
      const awaited = this.entries.filter(
        ({ redriveId, state }) => redriveId === redrive.redriveId && ['claimed', 'redriven'].includes(state),
      ).length;
      redrive.failed = Math.max(0, redrive.published - redrive.resolved - awaited);
      if (awaited > 0) continue;
      redrive.finishedAt = 'now';
      if (redrive.state === 'settling') redrive.state = 'complete';
    }
  }

  #settle(column: 'resolved' | 'failed', change: (entry: StoredEntry) => boolean): number {
    const changed = this.entries.filter(change);
    for (const { redriveId = '' } of changed) {
      const redrive = this.#redrive(redriveId);
      if (redrive) redrive[column] += 1;
    }
    return changed.length;
  }

  #claimedOf(entry: StoredEntry): ClaimedDeadLetter {
    const stored = this.#fileOf(entry);
    return claimedEntry(entry, stored === undefined ? null : failedFileOf(stored, this.arrivalOf(stored)));
  }

  #isLoaded({ file }: StoredEntry): boolean {
    return this.loadedRows.has(`${file?.key}@${file?.version}#${file?.row}`);
  }

  #fileOf({ file }: StoredEntry): StoredFile | undefined {
    return this.files.find(({ key, version }) => key === file?.key && version === file.version);
  }

  #entry(dlqId: string): StoredEntry | undefined {
    return this.entries.find((entry) => entry.dlqId === dlqId);
  }

  #redrive(redriveId: string): StoredRedrive | undefined {
    return this.#redrives.find((redrive) => redrive.redriveId === redriveId);
  }
}
