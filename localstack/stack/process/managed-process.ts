import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { processIdentity, signalProcess } from './process-info.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Another user to run as; only root may ask for one. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What asks it to stop. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /** How long it may take to stop before it is killed. */
  readonly stopTimeoutMs: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

// Becomes the command by `exec`, so that the process id is the command's own. Before that it leaves a watchdog behind,
// which reads from a pipe that only the parent holds open: "done" when the command has ended, nothing at all when the
// parent has gone, however that went. Background jobs of a shell get no standard input, hence the detour over 3; the
// shell around the watchdog is there so that the command does not find itself with a child that it has not made.
const guard = `signal=$1 grace=$2
shift 2
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
 * A process in a session of its own, which Ctrl-C in the terminal does not reach, and which does not outlive this
 * process, not even when this one is killed.
 */
export class ManagedProcess {
  readonly pid: number;
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<Exit>;
  /** Resolves when it has ended and all that it printed has been read. */
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
        child.stdin?.end('done\n');
        resolve(this.#exit);
      });
    });
  }

  /**
   * @param output file descriptor that standard output and error go to, `pipe` to read them, or `inherit`.
   * @throws when the process cannot be made at all; a command that is not there ends with code 127.
   */
  static async spawn(command: Command, output: number | 'pipe' | 'inherit'): Promise<ManagedProcess> {
    const signal = command.stopSignal.slice('SIG'.length);
    const graceSeconds = String(Math.ceil(command.stopTimeoutMs / 1000));
    const child = spawn('/bin/sh', ['-c', guard, 'sh', signal, graceSeconds, command.file, ...command.args], {
      stdio: ['pipe', output, output],
      detached: true,
      env: (command.env ?? process.env) as NodeJS.ProcessEnv,
      ...(command.cwd !== undefined && { cwd: command.cwd }),
      ...command.user,
    });
    // The watchdog may be gone before the word is said to it.
    child.stdin?.on('error', () => {});
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return new ManagedProcess(child, child.pid as number, command);
  }

  /** Undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Calls `onText` with what the process prints; only with `pipe`. */
  onOutput(onText: (text: string) => void): void {
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.setEncoding('utf8').on('data', onText);
  }

  /** Asks it to stop, kills it when that takes too long, and resolves when it is gone. */
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

  /** Asks it to stop, and no more. */
  signalStop(): void {
    if (this.#exit !== undefined) return;
    signalProcess(this.pid, this.#command.stopSignal);
    // A process that is suspended would not hear the other signal.
    signalProcess(this.pid, 'SIGCONT');
  }

  /** Blocks this whole process until the other is gone, and kills it when that takes too long. */
  waitForEnd(): void {
    if (this.#exit !== undefined) return;
    const deadline = Date.now() + this.#command.stopTimeoutMs;
    const clock = new Int32Array(new SharedArrayBuffer(4));
    while (processIdentity(this.pid) !== undefined) {
      if (Date.now() > deadline) signalProcess(this.pid, 'SIGKILL');
      Atomics.wait(clock, 0, 0, 20);
    }
    this.#child.stdin?.end('done\n');
  }
}
