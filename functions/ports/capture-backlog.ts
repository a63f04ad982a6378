/** Changes that are captured in the source and not published yet. */
export interface Backlog {
  /** Counted up to a limit of the reader. */
  readonly changes: number;
  readonly isMore: boolean;
  /** Age of the oldest of them by the source's clock; `null` when there is none. */
  readonly oldestAgeMs: number | null;
}

/**
 * Looks at what the poller still has to publish.
 *
 * @throws when the source database is unreachable or slower than the limit.
 */
export interface CaptureBacklog {
  /** `since`: the saved position, as the text of a `pg_snapshot`; `null` before the first one. */
  read(since: string | null): Promise<Backlog>;
}
