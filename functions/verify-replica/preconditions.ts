import type { Position } from '../core/change-position.ts';
import { PipelineError } from '../core/errors.ts';
import type { ChangeSource } from '../ports/change-source.ts';
import type { Clock } from '../ports/clock.ts';
import type { EmployeeHashes, HashMethod } from '../ports/employee-hashes.ts';
import type { PollerLedger } from '../ports/poller-ledger.ts';
import type { ReplicaEvidence } from '../ports/replica-evidence.ts';
import { savedPosition } from './arrival-wait.ts';

/** Why rows cannot be compared, or what keeps differences from disappearing. */
export interface Obstacle {
  /** `PIPE_…`; stable. */
  readonly code: string;
  readonly message: string;
}

export interface Preconditions {
  readonly obstacles: readonly Obstacle[];
  /** `null` when a comparison would say nothing. */
  readonly method: HashMethod | null;
}

export interface PreconditionsDependencies {
  readonly source: Pick<EmployeeHashes, 'inspect'>;
  readonly replica: Pick<EmployeeHashes, 'inspect'>;
  readonly replicaEvidence: ReplicaEvidence;
  readonly changeSource: Pick<ChangeSource, 'inspectCapture'>;
  readonly ledger: Pick<PollerLedger, 'read'>;
}

/** A running poller increments its heartbeat at least once a second. */
const HEARTBEAT_LIMIT_MS = 3_000;
const LOOK_INTERVAL_MS = 100;

/** Finds what has to hold before a comparison means something. */
export async function checkPreconditions(dependencies: PreconditionsDependencies): Promise<Preconditions> {
  const { source, replica, replicaEvidence, changeSource, ledger } = dependencies;
  const [ours, theirs, { watermark }, { faults }, entry] = await Promise.all([
    source.inspect(),
    replica.inspect(),
    replicaEvidence.read([]),
    changeSource.inspectCapture(null),
    ledger.read(),
  ]);
  const obstacles: Obstacle[] = faults.map(({ message }) => ({ code: 'PIPE_CAPTURE_BROKEN', message }));
  if (ours.shape === null || ours.shape !== theirs.shape) {
    const message =
      `expected table public.employees with the same columns in both databases, found ${ours.shape ?? 'none'} in the ` +
      `source and ${theirs.shape ?? 'none'} in the target; correct the table that differs, then verify again`;
    return { obstacles: [...obstacles, { code: 'PIPE_VERIFY_IMPOSSIBLE', message }], method: null };
  }
  const position = readablePosition(entry?.position ?? null);
  if (position instanceof PipelineError) {
    // poll-changes waits for an operator, and reports it.
    return { obstacles: [...obstacles, { code: position.code, message: position.message }], method: null };
  }
  // A complete snapshot raises the watermark to just below its epoch.
  if (position === null || position.progress.phase !== 'stream' || watermark.epoch < position.epoch - 1n) {
    const message =
      'expected the snapshot of the source to be published and applied completely, found one that is not; wait until it ' +
      'is, then verify again';
    return { obstacles: [...obstacles, { code: 'PIPE_VERIFY_TOO_EARLY', message }], method: null };
  }
  return { obstacles, method: ours.majorVersion === theirs.majorVersion ? 'columns' : 'md5' };
}

function readablePosition(text: string | null): Position | PipelineError | null {
  try {
    return savedPosition(text);
  } catch (error) {
    if (error instanceof PipelineError) return error;
    throw error;
  }
}

/**
 * Whether a poller runs, by its heartbeat. A heartbeat that was seen to change a moment ago is enough, so that only the first
 * of several checks waits for one.
 */
export class PollerCheck {
  readonly #ledger: Pick<PollerLedger, 'read'>;
  readonly #clock: Clock;
  #heartbeat: number | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #changedAtMs = Number.NEGATIVE_INFINITY;

  constructor(ledger: Pick<PollerLedger, 'read'>, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Resolves when the poller shows that it is alive, or with the obstacle when it does not. */
  async check(): Promise<readonly Obstacle[]> {
    const untilMs = this.#clock.monotonicMs() + HEARTBEAT_LIMIT_MS;
    for (;;) {
      if (await this.#isAlive()) return [];
      if (this.#clock.monotonicMs() >= untilMs) return [POLLER_NOT_RUNNING];
      await this.#clock.sleep(LOOK_INTERVAL_MS);
    }
  }

  async #isAlive(): Promise<boolean> {
    const heartbeat = (await this.#ledger.read())?.heartbeat;
    const nowMs = this.#clock.monotonicMs();
    // A change since a look long ago may itself be long ago.
    const isRecent = nowMs - this.#lookedAtMs <= HEARTBEAT_LIMIT_MS;
    if (isRecent && heartbeat !== this.#heartbeat) this.#changedAtMs = nowMs;
    this.#heartbeat = heartbeat;
    this.#lookedAtMs = nowMs;
    return nowMs - this.#changedAtMs <= HEARTBEAT_LIMIT_MS;
  }
}

const POLLER_NOT_RUNNING: Obstacle = {
  code: 'PIPE_POLLER_NOT_RUNNING',
  message:
    'expected a running poller, found no heartbeat in the offset table, so that changes do not reach the target; look at ' +
    'the log of poll-changes',
};
