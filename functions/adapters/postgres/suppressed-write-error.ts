import { InputError } from '../../core/errors.ts';

/** A statement succeeded, but a trigger, a rule or a row-level security policy kept it from changing some rows. */
export class SuppressedWriteError extends InputError {
  constructor(table: string) {
    super(
      'PIPE_WRITE_SUPPRESSED',
      `expected table ${table} of the target database to be changed, found that a statement succeeded and changed too few ` +
        'rows: a trigger, a rule or a row-level security policy suppresses it',
      { table },
    );
  }
}
