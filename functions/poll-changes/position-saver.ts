import { encodePosition, type Position, type Progress } from '../core/change-position.ts';
import type { ChangeSource } from '../ports/change-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { Lease } from './lease.ts';

/**
 * Saves the position beside the publishing, so that no change waits for it: at most once in a given time, and only when
 * something was published since.
 *
 * The number goes to the source first. A crash in between leaves the source with the greater one, which is fine; the
 * other way round would look like a restored source.
 */
export class PositionSaver {
  readonly #source: ChangeSource;
  readonly #lease: Lease;
  readonly #clock: Clock;
  readonly #saveEveryMs: number;
  #saved: Position;
  #unsaved: Progress | null = null;
  #startedAt = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | null = null;
  #failure: unknown = null;

  constructor(source: ChangeSource, lease: Lease, clock: Clock, saveEveryMs: number, saved: Position) {
    this.#source = source;
    this.#lease = lease;
    this.#clock = clock;
    this.#saveEveryMs = saveEveryMs;
    this.#saved = saved;
  }

  /** The position as it was last saved. */
  get saved(): Position {
    return this.#saved;
  }

  /** Marks progress as worth saving. */
  recordProgress(progress: Progress): void {
    this.#unsaved = progress;
  }

  /**
   * Starts a save when one is due; does not wait for it.
   *
   * @throws what the last save failed with.
   */
  saveWhenDue(): void {
    if (this.#failure !== null) throw this.#failure;
    if (this.#unsaved === null || this.#running !== null) return;
    if (this.#clock.monotonicMs() - this.#startedAt < this.#saveEveryMs) return;
    this.#startedAt = this.#clock.monotonicMs();
    this.#running = this.#save()
      .catch((error) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#running = null;
      });
  }

  /** Waits for a save under way, whatever becomes of it. */
  async settle(): Promise<void> {
    await this.#running;
  }

  /** Hands the lease over together with the last position. */
  async saveAndRelease(): Promise<void> {
    await this.#running;
    if (this.#failure !== null) throw this.#failure;
    const position = this.#unsaved && (await this.#number(this.#unsaved));
    await this.#lease.release(position ? encodePosition(position) : undefined);
  }

  async #save(): Promise<void> {
    const progress = this.#unsaved as Progress;
    this.#unsaved = null;
    const position = await this.#number(progress);
    await this.#lease.savePosition(encodePosition(position));
    this.#saved = position;
  }

  async #number(progress: Progress): Promise<Position> {
    return { ...this.#saved, saveNumber: await this.#source.nextSaveNumber(), progress };
  }
}
