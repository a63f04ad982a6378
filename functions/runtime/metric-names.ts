/** The metrics of all functions, in one CloudWatch namespace. The alarms in `infra/alarms.yml` go by these names. */
export const METRICS_NAMESPACE = 'EmployeeStreams';

/** The name of the deployed function, so that the stages of one account are told apart. */
export const FUNCTION_DIMENSION = 'function';

export const METRIC = {
  /** Records that can never succeed, each acknowledged by its dead-letter topic. */
  recordsDeadLettered: 'RecordsDeadLettered',
  /** Salary rows that came into the tables. */
  rowsLoaded: 'RowsLoaded',
  /** Rows of salary files that were sent on, and those that became dead letters. */
  rowsSent: 'RowsSent',
  rowsRejected: 'RowsRejected',
  /** Changes that the broker acknowledged, and those that changed the replica. */
  changesPublished: 'ChangesPublished',
  changesApplied: 'ChangesApplied',
  /** Files in the bucket that no event had told of, and files that stood still. */
  filesForgotten: 'FilesForgotten',
  filesStalled: 'FilesStalled',
} as const;
