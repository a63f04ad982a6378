import type { DeadLetterState } from '../../../functions/core/dead-letter-entry.ts';
import type { Envelope } from '../../../functions/core/dead-letter-envelope.ts';
import { decodeTyped, encodeTyped } from '../../../functions/core/typed-json.ts';
import type {
  DeadLetterCount,
  DeadLetterFilter,
  DeadLetterLedger,
  LedgerEntry,
} from '../../../functions/ports/dead-letter-ledger.ts';
import type { Functions } from '../stage/functions.ts';
import { UsageError } from '../terminal/program.ts';

/** An answer of Lambda has 6 MB. */
const MAX_LIMIT = 1_000;

/** The ledger of a deployed stage: function dashboard reads it, function redrive changes it. */
export class StageDeadLetters implements Pick<DeadLetterLedger, 'list' | 'count' | 'find' | 'discard'> {
  readonly #functions: Pick<Functions, 'invoke'>;

  constructor(functions: Pick<Functions, 'invoke'>) {
    this.#functions = functions;
  }

  async list(filter: DeadLetterFilter, limit: number): Promise<readonly LedgerEntry[]> {
    if (limit > MAX_LIMIT)
      throw new UsageError(`Expected --limit of at most ${MAX_LIMIT} with --stage, found ${limit}.`);
    return this.#ask({ operation: 'list-dead-letters', filter, limit });
  }

  count(filter: DeadLetterFilter): Promise<readonly DeadLetterCount[]> {
    return this.#ask({ operation: 'count-dead-letters', filter });
  }

  find(id: string): Promise<LedgerEntry | null> {
    return this.#ask({ operation: 'find-dead-letter', id });
  }

  /** Its record; `null` when Kafka no longer has it. */
  read(id: string): Promise<Envelope | null> {
    return this.#ask({ operation: 'read-dead-letter', id });
  }

  async discard(id: string): Promise<DeadLetterState | null> {
    const answer = await this.#functions.invoke('redrive', { action: 'discard', id });
    return (answer as { readonly state: DeadLetterState | null }).state;
  }

  async #ask<Answer>(request: object): Promise<Answer> {
    return decodeTyped(await this.#functions.invoke('dashboard', encodeTyped(request))) as Answer;
  }
}
