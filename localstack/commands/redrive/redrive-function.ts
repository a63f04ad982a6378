import type { Redrive, RedriveCount, RedriveFilter } from '../../../functions/core/redrive.ts';
import type { Functions } from '../stage/functions.ts';
import { UsageError } from '../terminal/program.ts';

const FUNCTION_NAME = 'redrive';

/** A redrive as the commands show it. `finishedAt` is `null` while outcomes are awaited. */
export type ShownRedrive = Omit<Redrive, 'filter' | 'note' | 'rate' | 'createdAt'>;

interface Answer {
  readonly counts?: readonly RedriveCount[];
  readonly redrive?: ShownRedrive | null;
  readonly refusal?: { readonly code: string; readonly reason: string };
}

/** Refusals that another call of the command avoids. */
const WRONG_CALLS = ['PIPE_REDRIVE_TOPIC', 'PIPE_REDRIVE_CODE'];

/** Asks the function redrive to plan, run, cancel and show redrives. */
export class RedriveFunction {
  readonly #functions: Functions;

  constructor(functions: Functions) {
    this.#functions = functions;
  }

  async count(filter: RedriveFilter): Promise<readonly RedriveCount[]> {
    return (await this.#invoke({ action: 'plan', filter, dryRun: true })).counts ?? [];
  }

  /** Claims what matches; `null` when nothing does. */
  async plan(filter: RedriveFilter, note: string | null, rate: number | null): Promise<ShownRedrive | null> {
    return (await this.#invoke({ action: 'plan', filter, note, rate })).redrive ?? null;
  }

  /** Resolves when the redrive is queued; it then runs by itself. */
  async run(redriveId: string): Promise<void> {
    await this.#functions.invokeAsync(FUNCTION_NAME, { action: 'run', redriveId });
  }

  /** The latest redrive without an id; `null` when there was none. */
  async show(redriveId?: string): Promise<ShownRedrive | null> {
    return (await this.#invoke({ action: 'show', redriveId })).redrive ?? null;
  }

  async cancel(): Promise<ShownRedrive | null> {
    return (await this.#invoke({ action: 'cancel' })).redrive ?? null;
  }

  /** @throws when the request is refused. */
  async #invoke(event: object): Promise<Answer> {
    const answer = (await this.#functions.invoke(FUNCTION_NAME, event)) as Answer;
    const { refusal } = answer;
    if (refusal === undefined) return answer;
    const message = `${refusal.code}: ${refusal.reason}`;
    throw WRONG_CALLS.includes(refusal.code) ? new UsageError(message) : new Error(message);
  }
}
