import type { PollerLedgerEntry } from '../../../functions/ports/poller-ledger.ts';
import type { Functions } from './functions.ts';

const FUNCTION_NAME = 'watch-replica';

/** What function watch-replica answers an operator. */
interface StageDescription {
  /** Where salary files are put. */
  readonly bucket: string;
  /** `null` before the first poller. */
  readonly poller: PollerLedgerEntry | null;
}

/** What operators ask of function watch-replica. */
export class StageOperator {
  readonly #functions: Pick<Functions, 'invoke'>;

  constructor(functions: Pick<Functions, 'invoke'>) {
    this.#functions = functions;
  }

  async describe(): Promise<StageDescription> {
    return (await this.#functions.invoke(FUNCTION_NAME, { action: 'describe' })) as StageDescription;
  }

  /** Replaces an earlier request. The poller removes the request when it starts the snapshot. */
  async requestSnapshot(): Promise<void> {
    await this.#functions.invoke(FUNCTION_NAME, { action: 'resnapshot' });
  }
}
