/** What waits for one function. */
interface Backlog<Item> {
  readonly waiting: Item[];
  readonly limit: number;
  runningCount: number;
}

/** Items that wait for a function, in the order they were added, and how many of each function are running. */
export class FunctionBacklogs<Item> {
  readonly #limitOf: (functionName: string) => number;
  readonly #backlogs = new Map<string, Backlog<Item>>();

  /** `limitOf` tells how many items of a function may run at the same time. */
  constructor(limitOf: (functionName: string) => number) {
    this.#limitOf = limitOf;
  }

  /** Number of items that wait. */
  get size(): number {
    return [...this.#backlogs.values()].reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  add(functionName: string, item: Item): void {
    const known = this.#backlogs.get(functionName);
    const backlog = known ?? { waiting: [], limit: this.#limitOf(functionName), runningCount: 0 };
    if (known === undefined) this.#backlogs.set(functionName, backlog);
    backlog.waiting.push(item);
  }

  /** The next item of a function that is below its limit; it counts as running until `release`. */
  take(): Item | undefined {
    for (const backlog of this.#backlogs.values()) {
      if (backlog.runningCount >= backlog.limit) continue;
      const item = backlog.waiting.shift();
      if (item === undefined) continue;
      backlog.runningCount += 1;
      return item;
    }
    return undefined;
  }

  release(functionName: string): void {
    const backlog = this.#backlogs.get(functionName);
    if (backlog !== undefined) backlog.runningCount -= 1;
  }
}
