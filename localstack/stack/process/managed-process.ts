import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { childEnvironment, type EnvironmentVariables } from './child-environment.ts';
import { processIdentity, signalProcess } from './process-info.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Default: `childEnvironment()`. Never this process's own environment as a whole. */
  readonly env?: EnvironmentVariables;
  readonly cwd?: string;
  /** Run as this user; requires root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /** How long the process may take to stop before it is killed. */
  readonly stopTimeoutMs: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/*
 * The POSIX shell script that starts a command. It ends with `exec`, so that the command has the process id of the shell.
 *
 * First it starts a watchdog, which reads from a pipe that only the parent process holds open. When the command has
 * exited, the parent writes "done" and the watchdog exits. When the parent has died, also by SIGKILL, the pipe closes
 * without "done", and the watchdog stops the command.
 *
 * A shell gives background jobs no standard input, so the pipe is passed on as descriptor 3. The subshell around the
 * watchdog exits at once: otherwise the watchdog would be a child of the command, which may wait for all its children.
 *
 * With a strict umask of the user, servers could not share files with other accounts; with an open one, PostgreSQL refuses
 * to start.
 */
const startScript = `signal=$1 grace=$2
shift 2
umask 022
exec 3<&0 </dev/null
( (
  trap '' HUP INT TERM
  read -r line <&3
  [ "$line" = done ] && exit 0
  kill -s "$signal" $$ 2>/dev/null
  while [ "$grace" -gt 0 ] && kill -s 0 $$ 2>/dev/null; do sleep 1; grace=$((grace - 1)); done
  kill -s KILL $$ 2>/dev/null
) & ) >/dev/null 2>&1
exec "$@" 3<&-`;

/**
 * A child process that never outlives this process: a watchdog stops it even when this process is killed.
 *
 * It runs in its own session, so that Ctrl-C in the terminal does not reach it. Needs a POSIX shell.
 */
export class ManagedProcess {
  readonly pid: number;
  /** Resolves when the process has exited; never rejects. */
  readonly exited: Promise<Exit>;
  /** Resolves when the process has exited and all its output has been read. */
  readonly closed: Promise<void>;
  readonly #child: ChildProcess;
  readonly #command: Command;
  #exit: Exit | undefined;

  private constructor(child: ChildProcess, pid: number, command: Command) {
    this.#child = child;
    this.#command = command;
    this.pid = pid;
    this.closed = new Promise((resolve) => child.once('close', () => resolve()));
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#exit = { code, signal };
        this.#dismissWatchdog();
        resolve(this.#exit);
      });
    });
  }

  /**
   * @param output Where standard output and error go: a file descriptor, `pipe` for `onOutput`, or `inherit`.
   * @throws when the process cannot be created. A command that does not exist exits with code 127 instead.
   */
  static async spawn(command: Command, output: number | 'pipe' | 'inherit'): Promise<ManagedProcess> {
    if (process.platform === 'win32') {
      throw new Error('The local stack needs a POSIX shell, which Windows does not have: run it in WSL 2.');
    }
    const signal = command.stopSignal.slice('SIG'.length);
    const graceSeconds = String(Math.ceil(command.stopTimeoutMs / 1000));
    const child = spawn('/bin/sh', ['-c', startScript, 'sh', signal, graceSeconds, command.file, ...command.args], {
      stdio: ['pipe', output, output],
      detached: true,
      env: (command.env ?? childEnvironment()) as NodeJS.ProcessEnv,
      ...(command.cwd !== undefined && { cwd: command.cwd }),
      ...command.user,
    });
    // Writing "done" fails when the watchdog has already exited.
    child.stdin?.on('error', () => {});
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return new ManagedProcess(child, child.pid as number, command);
  }

  /** Undefined while the process runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Calls `onText` with each piece of output. Only for processes spawned with `pipe`. */
  onOutput(onText: (text: string) => void): void {
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.setEncoding('utf8').on('data', onText);
  }

  /** Sends the stop signal, kills the process after `stopTimeoutMs`, and resolves when it has exited. */
  async stop(): Promise<void> {
    if (this.#exit !== undefined) return;
    this.signalStop();
    const timer = new AbortController();
    await Promise.race([
      this.exited,
      delay(this.#command.stopTimeoutMs, undefined, { signal: timer.signal }).catch(() => {}),
    ]);
    timer.abort();
    if (this.#exit === undefined) signalProcess(this.pid, 'SIGKILL');
    await this.exited;
  }

  /** Sends the stop signal without waiting. */
  signalStop(): void {
    if (this.#exit !== undefined) return;
    signalProcess(this.pid, this.#command.stopSignal);
    // A suspended process handles the stop signal only after it continues.
    signalProcess(this.pid, 'SIGCONT');
  }

  /** Blocks the event loop until the process has exited, and kills it after `stopTimeoutMs`. */
  waitForExitSync(): void {
    if (this.#exit !== undefined) return;
    const deadline = performance.now() + this.#command.stopTimeoutMs;
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    while (processIdentity(this.pid) !== undefined) {
      if (performance.now() > deadline) signalProcess(this.pid, 'SIGKILL');
      Atomics.wait(sleeper, 0, 0, 20);
    }
    this.#dismissWatchdog();
  }

  #dismissWatchdog(): void {
    this.#child.stdin?.end('done\n');
  }
}

export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : `killed by ${signal}`;
}
