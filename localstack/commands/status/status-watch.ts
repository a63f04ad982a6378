import { type Attention, findAttention } from '../../../functions/core/verdict.ts';
import type { StackObserver } from './observer.ts';
import type { StackStatus } from './stack-status.ts';

/** Smaller: a batch that takes long counts as standing still. Larger: a standstill is shown later. */
const STANDSTILL_MS = 5_000;

/** What is known after several observations. */
export interface Watched {
  readonly status: StackStatus;
  readonly attention: readonly Attention[];
  readonly handedOverAt: Date | null;
}

/** Observes a stack again and again, and compares what it sees with what it saw before. */
export class StatusWatch {
  readonly #observer: Pick<StackObserver, 'observe'>;
  #earlier: StackStatus[] = [];
  #fencingToken: string | null | undefined;
  #handedOverAt: Date | null = null;

  constructor(observer: Pick<StackObserver, 'observe'>) {
    this.#observer = observer;
  }

  async look(): Promise<Watched> {
    const status = await this.#observer.observe();
    const nowMs = status.observation.at.getTime();
    this.#noteHandOver(status);
    const isOld = ({ observation }: StackStatus) => nowMs - observation.at.getTime() >= STANDSTILL_MS;
    const old = this.#earlier.filter(isOld).at(-1);
    this.#earlier = [...this.#earlier.filter((each) => each === old || !isOld(each)), status];
    const attention = findAttention(status.observation, old?.observation ?? null);
    return { status, attention, handedOverAt: this.#handedOverAt };
  }

  #noteHandOver({ poller, observation }: StackStatus): void {
    if (poller === null) return;
    if (this.#fencingToken !== undefined && poller.fencingToken !== this.#fencingToken) {
      this.#handedOverAt = observation.at;
    }
    this.#fencingToken = poller.fencingToken;
  }
}
