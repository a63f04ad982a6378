/** The topics that connect the functions. Their names are a contract with other consumers. */
export const SALARIES_TOPIC = 'employee-salaries';
export const CHANGES_TOPIC = 'employee-changes';
export const SALARIES_DEAD_LETTER_TOPIC = 'employee-salaries.dead-letter';
export const CHANGES_DEAD_LETTER_TOPIC = 'employee-changes.dead-letter';

/** What the name of a dead-letter topic adds to that of its topic. */
export const DEAD_LETTER_SUFFIX = '.dead-letter';

/** The consumer groups of apply-changes and load-salaries. */
export const CHANGES_GROUP = 'apply-changes';
export const SALARIES_GROUP = 'load-salaries';

/** The consumer groups of index-dead-letters: Lambda demands another one for each event source. */
export const CHANGES_DEAD_LETTER_GROUP = 'index-change-dead-letters';
export const SALARIES_DEAD_LETTER_GROUP = 'index-salary-dead-letters';

const DAY_MS = 24 * 60 * 60 * 1000;

/** How long an outage of load-salaries or apply-changes may last without loss. */
export const RETENTION_MS = 14 * DAY_MS;

/** Longer than the retention of records, so that a dead letter is still there when its record has expired. */
export const DEAD_LETTER_RETENTION_MS = 30 * DAY_MS;

/**
 * For how long the target remembers deletions, with one day for clocks that differ. Older dead letters of changes are
 * refused.
 */
export const DELETION_MEMORY_MS = DEAD_LETTER_RETENTION_MS;
