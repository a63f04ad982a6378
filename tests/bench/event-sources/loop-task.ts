/** The first argument of a loop, as JSON. */
export interface LoopTask {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly group: string;
  readonly lambda: string;
  readonly records: number;
  readonly directory: string;
}

/** The last line of a loop's output, as JSON. */
export interface LoopResult {
  readonly recordsPerSecond: number;
  readonly peakRssMb: number;
}

export const BATCH_SIZE = 1_000;
export const CONCURRENT_INVOCATIONS = 6;

export function readTask(): LoopTask {
  const [text] = process.argv.slice(2);
  if (text === undefined) throw new Error('usage: LOOP.ts TASK-AS-JSON');
  return JSON.parse(text) as LoopTask;
}

/** Measures from the first invocation to the last response. */
export class Stopwatch {
  readonly #records: number;
  #startedAt: number | undefined;
  #finishedRecords = 0;
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

  recordFinished(records: number): void {
    this.#finishedRecords += records;
    if (this.#finishedRecords < this.#records) return;
    const seconds = (performance.now() - (this.#startedAt ?? 0)) / 1_000;
    this.#done({ recordsPerSecond: this.#records / seconds, peakRssMb: process.resourceUsage().maxRSS / 1_024 });
  }
}
