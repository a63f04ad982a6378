import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import type { ServerName } from '../../localstack/stack/servers/stack-servers.ts';
import { eventually, StopWaiting } from './eventually.ts';

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

/** A local stack in another process. */
export class StackProcess {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  readonly #events: StackEvent[] = [];
  #isClosed = false;

  /** `prefix` comes before the command, for instance to run it as another user. */
  constructor(options: Options, prefix: readonly string[] = [], env: Record<string, string> = {}) {
    const [file = '', ...args] = [...prefix, process.execPath, program, JSON.stringify(options)];
    this.child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    this.exited = once(this.child, 'close').then(([code]) => code as number | null);
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.#events.push(JSON.parse(line) as StackEvent);
    });
    // 'close' comes after all output was read, which 'exit' does not.
    void this.exited.then(() => {
      this.#isClosed = true;
    });
  }

  get pid(): number {
    return this.child.pid as number;
  }

  /**
   * The first event that matches, among those so far and those to come.
   *
   * @throws when none comes in time, or at once when the process exits without one.
   */
  event(matches: (event: StackEvent) => boolean): Promise<StackEvent> {
    return eventually(
      () => {
        const found = this.#events.find(matches);
        if (found === undefined && this.#isClosed) {
          throw new StopWaiting(
            `Expected an event that matches ${matches}, but the stack exited. Its events:\n${this.transcript}`,
          );
        }
        return found;
      },
      { what: `an event of the stack that matches ${matches}`, withinMs: 120_000 },
    );
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

/** All processes with the directory in their command or as their working directory, watchdogs included. Linux only. */
export function processesOf(directory: string): RunningProcess[] {
  if (process.platform !== 'linux') throw new Error('processesOf reads /proc, which only Linux has.');
  return readdirSync('/proc').flatMap((entry) => {
    try {
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ');
      if (!/^\d+$/.test(entry) || !(command.includes(directory) || runsIn(entry, directory))) return [];
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [{ pid: Number(entry), session: Number(fields[3]), command }];
    } catch {
      // The process has just exited, or the entry is not a process.
      return [];
    }
  });
}

function runsIn(pid: string, directory: string): boolean {
  try {
    const cwd = readlinkSync(`/proc/${pid}/cwd`);
    return cwd === directory || cwd.startsWith(`${directory}/`);
  } catch {
    // The process has just exited, or belongs to another user.
    return false;
  }
}
