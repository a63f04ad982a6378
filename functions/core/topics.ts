/** The topics that the functions meet on. Their names are a contract with whoever reads them from outside. */
export const SALARIES_TOPIC = 'employee-salaries';
export const CHANGES_TOPIC = 'employee-changes';
export const SALARIES_DEAD_LETTER_TOPIC = 'employee-salaries.dead-letter';
export const CHANGES_DEAD_LETTER_TOPIC = 'employee-changes.dead-letter';
