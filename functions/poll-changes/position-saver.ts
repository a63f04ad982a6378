import { encodePosition, type Position, type Progress } from '../core/change-position.ts';
import type { TopicPosition } from '../core/topic-position.ts';
import type { ChangeSource } from '../ports/change-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { Lease } from './lease.ts';

/**
 * Saves the position in the background, so that no change waits for it: at most once in an interval, and only when
 * something was published since the last save.
 *
 * The save number is incremented in the source before the position is written to the ledger. A crash between the two leaves
 * the greater number in the source, which is harmless. The other way round, the source would look like a restored backup.
 */
export class PositionSaver {
  readonly #source: ChangeSource;
  readonly #lease: Lease;
  readonly #clock: Clock;
  readonly #saveIntervalMs: number;
  #saved: Position;
  #unsaved: Pick<Position, 'progress' | 'topic'> | null = null;
  #lastSaveAtMs = Number.NEGATIVE_INFINITY;
  #runningSave: Promise<void> | null = null;
  #failure: unknown = null;

  constructor(source: ChangeSource, lease: Lease, clock: Clock, saveIntervalMs: number, saved: Position) {
    this.#source = source;
    this.#lease = lease;
    this.#clock = clock;
    this.#saveIntervalMs = saveIntervalMs;
    this.#saved = saved;
  }

  /** The position in the ledger. */
  get saved(): Position {
    return this.#saved;
  }

  /**
   * Call it only with progress whose records are acknowledged.
   *
   * @param topic as far as records are acknowledged; that of the saved position when absent.
   */
  recordProgress(progress: Progress, topic?: TopicPosition): void {
    this.#unsaved = { progress, ...(topic && { topic }) };
  }

  /**
   * Starts a save if one is due, and does not wait for it.
   *
   * @throws the error of an earlier save.
   */
  saveWhenDue(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#unsaved === null || this.#runningSave !== null) return;
    if (this.#clock.monotonicMs() - this.#lastSaveAtMs < this.#saveIntervalMs) return;
    this.#lastSaveAtMs = this.#clock.monotonicMs();
    const unsaved = this.#unsaved;
    this.#unsaved = null;
    this.#runningSave = this.#save(unsaved)
      .catch((error) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#runningSave = null;
      });
  }

  /** Resolves when no save is under way any more, whether it succeeded or failed. */
  async settle(): Promise<void> {
    await this.#runningSave;
  }

  /**
   * Releases the lease, and saves the last position with the same write, so that a successor publishes nothing twice.
   *
   * @throws the error of an earlier save, or of this one.
   */
  async saveAndReleaseLease(): Promise<void> {
    await this.#lease.release(await this.#lastPosition());
  }

  /**
   * As `saveAndReleaseLease`, to the poller that requests the lease.
   *
   * @returns `false` when none requests it any more. The lease is still held, and nothing is saved.
   */
  async saveAndTransferLease(): Promise<boolean> {
    return this.#lease.transfer(await this.#lastPosition());
  }

  async #lastPosition(): Promise<string | undefined> {
    await this.#runningSave;
    if (this.#failure !== null) throw this.#failure;
    return this.#unsaved === null ? undefined : encodePosition(await this.#numberedPosition(this.#unsaved));
  }

  async #save(unsaved: Pick<Position, 'progress' | 'topic'>): Promise<void> {
    const position = await this.#numberedPosition(unsaved);
    await this.#lease.savePosition(encodePosition(position));
    this.#saved = position;
  }

  async #numberedPosition(unsaved: Pick<Position, 'progress' | 'topic'>): Promise<Position> {
    return { ...this.#saved, saveNumber: await this.#source.nextSaveNumber(), ...unsaved };
  }
}
