/** The CloudWatch namespace of all metrics. The alarms in `infra/alarms.yml` use these names. */
export const METRICS_NAMESPACE = 'EmployeeStreams';

/** The dimension with the deployed function's name, which distinguishes the stages of one account. */
export const FUNCTION_DIMENSION = 'function';

export const METRIC = {
  /** Records that became dead letters, counted when Kafka has acknowledged them. */
  recordsDeadLettered: 'RecordsDeadLettered',
  /** Salary rows inserted into the tables. */
  rowsLoaded: 'RowsLoaded',
  /** Rows of salary files that were published, and those that became dead letters. */
  rowsSent: 'RowsSent',
  rowsRejected: 'RowsRejected',
  /** Changes that Kafka acknowledged, and those that changed the replica. */
  changesPublished: 'ChangesPublished',
  changesApplied: 'ChangesApplied',
  /** Ranges of offsets whose changes the target lacks, and files whose rows it lacks. */
  gapsFound: 'GapsFound',
  /** Invocations of the poller that have found that changes are not captured. */
  captureFaults: 'CaptureFaults',
  /** Invocations that failed. */
  failures: 'Failures',
  /** Files in the bucket without an event, and files that were loading without a heartbeat. */
  filesForgotten: 'FilesForgotten',
  filesStalled: 'FilesStalled',
} as const;
