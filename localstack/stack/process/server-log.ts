import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const MAX_LOG_BYTES = 5_000_000;

/** The log file of a server, for one start of its process: `openForAppend` first. */
export class ServerLog {
  readonly path: string;
  #startOffset = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Calls `use` with a file descriptor that is open during the call. A log above 5 MB is renamed to `PATH.old` first. */
  async openForAppend<Result>(use: (descriptor: number) => Promise<Result>): Promise<Result> {
    mkdirSync(dirname(this.path), { recursive: true });
    const size = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > MAX_LOG_BYTES) renameSync(this.path, `${this.path}.old`);
    const descriptor = openSync(this.path, 'a');
    try {
      this.#startOffset = fstatSync(descriptor).size;
      return await use(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** What was logged since the last `openForAppend`. */
  readSinceOpen(): string {
    return readFileSync(this.path).subarray(this.#startOffset).toString();
  }
}
