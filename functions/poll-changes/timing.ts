/** The intervals of a poller, in milliseconds. */
export interface PollerTiming {
  /**
   * Between two reads of the source while there are changes. Smaller: more and smaller batches through the whole
   * pipeline, which cost a busy machine more time than they save. Larger: every change arrives that much later.
   */
  readonly busyTickMs: number;
  /**
   * Between two reads of the source when nothing has changed for a while. Smaller: more queries on an idle database.
   * Larger: the first change after a pause waits longer.
   */
  readonly idleTickMs: number;
  /**
   * Between two saves of the position. Smaller: more writes to the source and to the ledger. Larger: a crash publishes
   * more changes a second time.
   */
  readonly saveIntervalMs: number;
  /**
   * Between two renewals of the lease. Smaller: more writes to the ledger. Larger: a successor waits longer until its
   * request is seen; close to the length of the lease, a short pause already costs the lease.
   */
  readonly heartbeatMs: number;
  /**
   * Between two reads of the ledger while waiting for the lease. Smaller: more reads of the ledger. Larger: the gap
   * without reads of the source at a transfer of the lease is longer.
   */
  readonly leasePollIntervalMs: number;
  /**
   * Between two looks at the topic. Smaller: more requests to Kafka. Larger: records that Kafka has lost are published
   * again later.
   */
  readonly topicLookMs: number;
  /**
   * How long the successor may take to begin after the lease was transferred to it; then its predecessor takes the lease
   * back. Smaller: a successor that is only slow loses the lease. Larger: no poller runs for longer when it has died.
   */
  readonly acceptanceMs: number;
  /**
   * Between two looks at the capture of changes. Smaller: more queries on the source. Larger: changes that are not captured
   * are noticed later.
   */
  readonly captureLookMs: number;
  /** The first wait after a failure. Smaller: an outage costs more attempts. Larger: a brief failure delays changes. */
  readonly firstRetryMs: number;
  /** The longest wait between two attempts. Smaller: more attempts. Larger: polling resumes later after an outage. */
  readonly longestRetryMs: number;
}

/** The timing in production. Tests use it too, and override only the values that they test. */
export const POLLER_TIMING: PollerTiming = {
  busyTickMs: 25,
  idleTickMs: 100,
  saveIntervalMs: 250,
  heartbeatMs: 1_000,
  leasePollIntervalMs: 10,
  topicLookMs: 5_000,
  acceptanceMs: 500,
  captureLookMs: 5_000,
  firstRetryMs: 100,
  longestRetryMs: 2_000,
};

/** Between two attempts to connect. Smaller: more attempts in an outage. Larger: polling resumes later after it. */
export const CONNECT_RETRY_MS = 1_000;

/**
 * Time reserved at the end of an invocation. Smaller: Lambda may stop the poller before it releases the lease, and
 * the successor has to wait until the lease expires. Larger: a poller without a successor stops earlier than it must.
 */
export const RESERVE_MS = 5_000;
