/** What a loop is told, as its first argument, and what it answers, as its last line. */
export interface LoopTask {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly group: string;
  readonly lambda: string;
  readonly records: number;
  readonly directory: string;
}

export interface LoopResult {
  readonly recordsPerSecond: number;
  readonly peakRssMb: number;
}

export const batchSize = 1_000;
export const invocationsAtATime = 6;

export function readTask(): LoopTask {
  const [text] = process.argv.slice(2);
  if (text === undefined) throw new Error('usage: LOOP.ts TASK-AS-JSON');
  return JSON.parse(text) as LoopTask;
}

/** From the first invocation to the last answer. */
export class Stopwatch {
  readonly #records: number;
  #startedAt: number | undefined;
  #answered = 0;
  #done: (result: LoopResult) => void = () => {};
  readonly finished = new Promise<LoopResult>((resolve) => {
    this.#done = resolve;
  });

  constructor(records: number) {
    this.#records = records;
  }

  begin(): void {
    this.#startedAt ??= performance.now();
  }

  answered(records: number): void {
    this.#answered += records;
    if (this.#answered < this.#records) return;
    const seconds = (performance.now() - (this.#startedAt ?? 0)) / 1_000;
    this.#done({ recordsPerSecond: this.#records / seconds, peakRssMb: process.resourceUsage().maxRSS / 1_024 });
  }
}
