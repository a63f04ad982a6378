import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { QueuedEvent } from '../model/async-invocation.ts';
import { PARTIAL_ENDING, replaceFile } from '../storage/durable-file.ts';

/** The events of the asynchronous queue on disk, one file each, so that they survive the process. */
export class QueuedEventStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** All events, oldest first. To be called before any other method, which need the directory. */
  async load(): Promise<QueuedEvent[]> {
    await mkdir(this.#directory, { recursive: true });
    const events: QueuedEvent[] = [];
    // The names begin with the time of the event, in a fixed number of digits.
    for (const file of (await readdir(this.#directory)).sort()) {
      const path = join(this.#directory, file);
      if (file.endsWith(PARTIAL_ENDING)) await rm(path, { force: true });
      if (file.endsWith('.json')) events.push(JSON.parse(await readFile(path, 'utf8')) as QueuedEvent);
    }
    return events;
  }

  /** Resolves once the event is on disk. */
  async save(event: QueuedEvent): Promise<void> {
    await replaceFile(this.#file(event), JSON.stringify(event));
  }

  async remove(event: QueuedEvent): Promise<void> {
    await rm(this.#file(event), { force: true });
  }

  #file(event: QueuedEvent): string {
    return join(this.#directory, `${event.id}.json`);
  }
}
