/**
 * All metrics. Functions emit them as CloudWatch's embedded metric format; the alarms in `infra/alarms.yml` use their
 * names. The local stack turns the same lines into Prometheus text: a `Count` becomes a counter, `Milliseconds` a
 * histogram in seconds, and every other unit a gauge with the latest value.
 */

/** The CloudWatch namespace. */
export const METRICS_NAMESPACE = 'EmployeeStreams';

/** The dimension with the deployed function's name, which distinguishes the stages of one account. */
export const FUNCTION_DIMENSION = 'function';

export interface Metric {
  readonly name: string;
  readonly unit: 'Count' | 'Milliseconds' | 'Seconds' | 'None';
  /** Whether its value may be published with a later invocation, when the one before was less than a second ago. */
  readonly canWait: boolean;
}

/** How often something has happened that needs attention. */
const count = (name: string): Metric => ({ name, unit: 'Count', canWait: false });
/** How much was done. */
const throughput = (name: string): Metric => ({ name, unit: 'Count', canWait: true });
/** How many there are at present. */
const level = (name: string): Metric => ({ name, unit: 'None', canWait: false });
/** How old something is at present. */
const age = (name: string): Metric => ({ name, unit: 'Seconds', canWait: false });
const duration = (name: string): Metric => ({ name, unit: 'Milliseconds', canWait: true });

export const METRIC = {
  /** Records that became dead letters, counted when Kafka has acknowledged them. */
  recordsDeadLettered: count('RecordsDeadLettered'),
  /** Salary rows inserted into the tables. */
  rowsLoaded: throughput('RowsLoaded'),
  /** Rows of salary files that were published, and those that became dead letters. */
  rowsSent: throughput('RowsSent'),
  rowsRejected: count('RowsRejected'),
  /** Salary files that were rejected as a whole. */
  filesRejected: count('FilesRejected'),
  /** Changes that Kafka acknowledged, and those that changed the replica. */
  changesPublished: throughput('ChangesPublished'),
  changesApplied: throughput('ChangesApplied'),
  /** Ranges of offsets whose changes the target lacks, and files whose rows it lacks. */
  gapsFound: count('GapsFound'),
  /** Invocations of the poller that have found that changes are not captured. */
  captureFaults: count('CaptureFaults'),
  /** Invocations that failed. */
  failures: count('Failures'),
  /** Files in the bucket without an event, and files that were loading without a heartbeat. */
  filesForgotten: count('FilesForgotten'),
  filesStalled: count('FilesStalled'),

  /**
   * From a change in the source to its commit in the target: quantiles and maximum of each batch. Never a value for each
   * record, which would cost more than the record.
   */
  changeLatencyP50: duration('ChangeLatencyP50'),
  changeLatencyP99: duration('ChangeLatencyP99'),
  changeLatencyMax: duration('ChangeLatencyMax'),
  /** From a row's record on the topic to its commit in the tables, in the same way. */
  rowLatencyP50: duration('RowLatencyP50'),
  rowLatencyP99: duration('RowLatencyP99'),
  rowLatencyMax: duration('RowLatencyMax'),

  /** Rows of `emp_cdc` that poll-changes has not published, at the end of its invocation. */
  changesWaiting: level('ChangesWaiting'),
  /** How long ago the poller was last seen to renew its lease; the greatest within an invocation of watch-replica. */
  pollerLeaseAge: age('PollerLeaseAge'),
  /** Dead letters that wait for a redrive, how long the oldest has waited, and those that failed too often. */
  deadLettersOpen: level('DeadLettersOpen'),
  openDeadLetterAge: age('OpenDeadLetterAge'),
  deadLettersParked: level('DeadLettersParked'),
  /** Rows of the replica that are proven to differ from the source, and how long ago its oldest part was verified. */
  replicaDifferences: level('ReplicaDifferences'),
  verificationAge: age('VerificationAge'),
  /** Totals and counts of the salaries that differ from the rows. */
  salaryDifferences: level('SalaryDifferences'),
} as const satisfies Readonly<Record<string, Metric>>;

/** The metrics of one latency. */
export interface LatencyMetrics {
  readonly p50: Metric;
  readonly p99: Metric;
  readonly max: Metric;
}

export const CHANGE_LATENCY: LatencyMetrics = {
  p50: METRIC.changeLatencyP50,
  p99: METRIC.changeLatencyP99,
  max: METRIC.changeLatencyMax,
};
export const ROW_LATENCY: LatencyMetrics = {
  p50: METRIC.rowLatencyP50,
  p99: METRIC.rowLatencyP99,
  max: METRIC.rowLatencyMax,
};
