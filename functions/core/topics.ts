/** The topics that the functions meet on. Their names are a contract with whoever reads them from outside. */
export const SALARIES_TOPIC = 'employee-salaries';
export const CHANGES_TOPIC = 'employee-changes';
export const SALARIES_DEAD_LETTER_TOPIC = 'employee-salaries.dead-letter';
export const CHANGES_DEAD_LETTER_TOPIC = 'employee-changes.dead-letter';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Longer than anybody is on holiday: an outage of the loader or the applier may last that long without loss. */
export const RETENTION_MS = 14 * DAY_MS;

/** Longer than the topic's, so that a letter can be looked into after the record behind it is gone. */
export const DEAD_LETTER_RETENTION_MS = 30 * DAY_MS;
