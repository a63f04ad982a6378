import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import type { ServerName } from '../../localstack/stack/process/server.ts';

const program = join(import.meta.dirname, 'run-stack.ts');

export interface StackEvent {
  readonly event: 'notice' | 'ready' | 'failed' | 'fatal';
  readonly line?: string;
  readonly message?: string;
  readonly endpoints?: StackEndpoints;
  readonly pids?: Record<ServerName, number>;
}

interface Options {
  readonly directory: string;
  readonly servers?: readonly ServerName[];
  readonly fresh?: boolean;
}

/** A local stack in a process of its own. */
export class StackProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly #events: StackEvent[] = [];
  #hasSaidAll = false;
  readonly #listeners = new Set<() => void>();

  /** `prefix` are words before the command, such as those that make it another user's. */
  constructor(options: Options, prefix: readonly string[] = [], env: Record<string, string> = {}) {
    const [file = '', ...args] = [...prefix, process.execPath, program, JSON.stringify(options)];
    this.child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    this.exited = once(this.child, 'close').then(([code]) => code as number | null);
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.#events.push(JSON.parse(line) as StackEvent);
      for (const listener of this.#listeners) listener();
    });
    // Its output may still be on its way when the process itself is gone.
    void this.exited.then(() => {
      this.#hasSaidAll = true;
      for (const listener of this.#listeners) listener();
    });
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /** Resolves with the first event of this run that fits. @throws when the process ends without one. */
  async event(fits: (event: StackEvent) => boolean): Promise<StackEvent> {
    for (;;) {
      const found = this.#events.find(fits);
      if (found !== undefined) return found;
      if (this.#hasSaidAll) {
        throw new Error(`the stack ended without that event; it said:\n${this.transcript}`);
      }
      await new Promise<void>((resolve) => this.#listeners.add(resolve));
    }
  }

  async ready(): Promise<{ endpoints: StackEndpoints; pids: Record<ServerName, number> }> {
    const event = await this.event((candidate) => candidate.event === 'ready' || candidate.event === 'failed');
    if (event.endpoints === undefined || event.pids === undefined) throw new Error(event.message);
    return { endpoints: event.endpoints, pids: event.pids };
  }

  notice(text: string): Promise<StackEvent> {
    return this.event(({ line }) => line?.includes(text) ?? false);
  }

  get transcript(): string {
    return this.#events.map((event) => event.line ?? event.message ?? event.event).join('\n');
  }
}

export interface RunningProcess {
  readonly pid: number;
  readonly session: number;
  readonly command: string;
}

/** All processes whose command names the directory, or that run in it; their watchdogs, too. Linux only. */
export function processesOf(directory: string): RunningProcess[] {
  return readdirSync('/proc').flatMap((entry) => {
    try {
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (!/^\d+$/.test(entry) || !(command.includes(directory) || runsIn(entry, directory))) return [];
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{ pid: Number(entry), session: Number(fields[3]), command }];
    } catch {
      // It has ended meanwhile, or is no process.
      return [];
    }
  });
}

function runsIn(pid: string, directory: string): boolean {
  try {
    const place = readlinkSync(`/proc/${pid}/cwd`);
    return place === directory || place.startsWith(`${directory}/`);
  } catch {
    // It has ended meanwhile, or is somebody else's.
    return false;
  }
}
