import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from './managed-process.ts';
import { processIdentity, signalProcess } from './process-info.ts';

interface ProcessRecord extends Pick<Command, 'stopSignal' | 'stopTimeoutMs'> {
  readonly pid: number;
  readonly identity: string;
}

const CHECK_INTERVAL_MS = 50;
/** Added to the stop timeout, because the watchdog of the killed parent may be stopping the same process. */
const WATCHDOG_MS = 2_000;

/** Records a server's process in `run/NAME.json`, so that the next start finds it when its parent was killed. */
export class PidFile {
  readonly #path: string;

  constructor(directory: string, name: string) {
    this.#path = join(directory, 'run', `${name}.json`);
  }

  write(pid: number, { stopSignal, stopTimeoutMs }: Command): void {
    const identity = processIdentity(pid);
    if (identity === undefined) return;
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(this.#path, JSON.stringify({ pid, identity, stopSignal, stopTimeoutMs } satisfies ProcessRecord));
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }

  /**
   * Stops the process that the file names, if it still runs: with its stop signal, and with SIGKILL after its stop
   * timeout. Calls `onFound` before it sends the first signal.
   */
  async stopOrphan(onFound: (pid: number) => void, signal: AbortSignal): Promise<void> {
    const record = this.#read();
    if (record === undefined) return;
    const isRunning = () => processIdentity(record.pid) === record.identity;
    const deadline = performance.now() + record.stopTimeoutMs + WATCHDOG_MS;
    if (isRunning()) {
      onFound(record.pid);
      signalProcess(record.pid, record.stopSignal);
      // A suspended process handles the stop signal only after it continues.
      signalProcess(record.pid, 'SIGCONT');
    }
    while (isRunning()) {
      if (performance.now() > deadline) signalProcess(record.pid, 'SIGKILL');
      await delay(CHECK_INTERVAL_MS, undefined, { signal });
    }
    this.remove();
  }

  #read(): ProcessRecord | undefined {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as ProcessRecord;
    } catch {
      // Missing, or cut short because the parent was killed while writing it. The watchdog then stops the process.
      return undefined;
    }
  }
}

/** Stops the processes of an earlier run whose parent was killed and whose watchdogs did not stop them. */
export async function stopOrphans(options: {
  readonly directory: string;
  readonly names: readonly string[];
  readonly onNotice: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { directory, names, onNotice, signal } = options;
  const onFound = (name: string) => (pid: number) =>
    onNotice(`The ${name} process of an earlier run is still running (process ${pid}); stopping it.`);
  await Promise.all(names.map((name) => new PidFile(directory, name).stopOrphan(onFound(name), signal)));
}
