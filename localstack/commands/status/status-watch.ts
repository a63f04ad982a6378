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
  readonly #monotonicMs: () => number;
  #earlier: { readonly status: StackStatus; readonly seenAtMs: number }[] = [];
  #fencingToken: string | null | undefined;
  #handedOverAt: Date | null = null;

  /** @param monotonicMs not the wall clock, which may be set meanwhile */
  constructor(observer: Pick<StackObserver, 'observe'>, monotonicMs: () => number = () => performance.now()) {
    this.#observer = observer;
    this.#monotonicMs = monotonicMs;
  }

  async look(): Promise<Watched> {
    const status = await this.#observer.observe();
    const seenAtMs = this.#monotonicMs();
    this.#noteHandOver(status);
    const isOld = (each: { seenAtMs: number }) => seenAtMs - each.seenAtMs >= STANDSTILL_MS;
    const old = this.#earlier.filter(isOld).at(-1);
    this.#earlier = [...this.#earlier.filter((each) => each === old || !isOld(each)), { status, seenAtMs }];
    const attention = findAttention(status.observation, old?.status.observation ?? null);
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
