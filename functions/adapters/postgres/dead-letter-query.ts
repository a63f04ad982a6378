import { type DeadLetterState, keyText, PENDING_STATES } from '../../core/dead-letter-entry.ts';
import type { DeadLetterFilter } from '../../ports/dead-letter-ledger.ts';

/** The conditions of a filter, with `$1`, `$2` and so on for their values. */
export class DeadLetterQuery {
  readonly values: unknown[] = [];
  readonly #conditions: string[] = [];
  readonly #states: readonly DeadLetterState[] | undefined;

  constructor({ states, topics, codes, key, file, since, until }: DeadLetterFilter) {
    this.#states = states;
    this.#addOneOf('topic', topics);
    this.#addOneOf('code', codes);
    if (key !== undefined) this.#add('record_key =', keyText(key));
    if (file !== undefined) this.#add('file_key =', file);
    if (since !== undefined) this.#add('last_at >=', since);
    if (until !== undefined) this.#add('last_at <', until);
    this.#addOneOf('state', states);
  }

  /** For a table that has every column of the filter. */
  get where(): string {
    return this.#conditions.length === 0 ? '' : `where ${this.#conditions.join(' and ')}`;
  }

  /** As `where`, for each value of `pending` that the filter allows. The indexes begin with that column. */
  get branches(): readonly string[] {
    const states = this.#states;
    return [true, false]
      .filter((pending) => !states?.length || states.some((state) => PENDING_STATES.includes(state) === pending))
      .map((pending) => ['where', [`pending = ${pending}`, ...this.#conditions].join(' and ')].join(' '));
  }

  #add(comparison: string, value: unknown): void {
    this.#conditions.push(`${comparison} $${this.values.push(value)}`);
  }

  /** One value is compared by `=`, because an index then returns its rows in the order of their times. */
  #addOneOf(column: string, values: readonly string[] | undefined): void {
    if (values === undefined) return;
    if (values.length === 1) this.#add(`${column} =`, values[0]);
    else this.#conditions.push(`${column} = any($${this.values.push(values)}::text[])`);
  }
}
