import { decodePosition } from '../core/change-position.ts';
import type { PollerLedger, PollerLedgerEntry } from '../ports/poller-ledger.ts';
import type { PollerStatus } from '../ports/dashboard-state.ts';

/** A running poller writes a heartbeat at least once a second. */
const STANDSTILL_MS = 5_000;

/** Reads the ledger of poll-changes, and notices between two reads whether its heartbeat moves. */
export class PollerWatch {
  readonly #ledger: Pick<PollerLedger, 'read'>;
  readonly #now: () => Date;
  #latest: Promise<PollerStatus> | undefined;
  #heartbeat: number | undefined;
  #movedAt = 0;
  #readAt = 0;
  #fencingToken: number | undefined;
  #handedOverAt: Date | null = null;

  constructor(ledger: Pick<PollerLedger, 'read'>, now: () => Date) {
    this.#ledger = ledger;
    this.#now = now;
  }

  read(): Promise<PollerStatus> {
    this.#latest = this.#ledger.read().then((entry) => this.#status(entry));
    // The caller may ask for the latest reading only, or never.
    this.#latest.catch(() => {});
    return this.#latest;
  }

  /** The reading that began last. */
  latest(): Promise<PollerStatus> {
    return this.#latest ?? this.read();
  }

  #status(entry: PollerLedgerEntry | null): PollerStatus {
    const now = this.#now();
    this.#noteHandOver(entry?.fencingToken, now);
    const progress = progressOf(entry);
    return {
      isRunning: entry?.owner != null && this.#isAlive(entry.heartbeat, now.getTime()),
      phase: progress?.phase ?? 'none',
      snapshotAfter: progress?.phase === 'snapshot' ? progress.afterEmpId : null,
      isSnapshotRequested: entry?.resnapshotToken != null,
      since: progress?.since ?? null,
      heartbeat: entry === null ? null : String(entry.heartbeat),
      position: entry?.position ?? null,
      handedOverAt: this.#handedOverAt,
    };
  }

  /** After a pause, in which the page was not open, the first read only gives the heartbeat to compare with. */
  #isAlive(heartbeat: number, nowMs: number): boolean {
    const isAfterPause = nowMs - this.#readAt > STANDSTILL_MS;
    this.#readAt = nowMs;
    if (heartbeat !== this.#heartbeat || isAfterPause) {
      this.#heartbeat = heartbeat;
      this.#movedAt = nowMs;
    }
    return nowMs - this.#movedAt < STANDSTILL_MS;
  }

  #noteHandOver(fencingToken: number | undefined, now: Date): void {
    const isFirst = this.#fencingToken === undefined || now.getTime() - this.#readAt > STANDSTILL_MS;
    if (fencingToken !== this.#fencingToken) this.#handedOverAt = isFirst ? null : now;
    this.#fencingToken = fencingToken;
  }
}

/** poll-changes itself reports an unreadable position. */
function progressOf(entry: PollerLedgerEntry | null) {
  try {
    return entry?.position == null ? null : decodePosition(entry.position).progress;
  } catch {
    return null;
  }
}
