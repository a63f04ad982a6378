import { join } from 'node:path';
import { CrashLimit } from './crash-limit.ts';
import { type Command, describeExit, ManagedProcess } from './managed-process.ts';
import { PidFile } from './pid-file.ts';
import { lastOutput } from './run-program.ts';
import type { Server } from './server.ts';
import { ServerLog } from './server-log.ts';
import { waitUntilReady } from './wait-until-ready.ts';

const DEFAULT_START_TIMEOUT_MS = 180_000;

interface Options {
  readonly server: Server;
  /** Has the logs and the pid files of all servers. */
  readonly directory: string;
  /** Lets the server print to the terminal of this process, instead of into its log file. */
  readonly inheritOutput?: boolean;
  readonly onNotice: (line: string) => void;
  /** Called once, when the server has crashed too often and is not restarted. */
  readonly onFatal: (error: Error) => void;
}

/** Runs one server: starts it, waits until it is ready, and restarts it when it exits. Use an instance once. */
export class ServerSupervisor {
  readonly #options: Options;
  readonly #pidFile: PidFile;
  readonly #log: ServerLog | undefined;
  readonly #stopping = new AbortController();
  readonly #crashLimit = new CrashLimit();
  #process: ManagedProcess | undefined;
  #starting: Promise<void> | undefined;
  #supervising: Promise<void> | undefined;
  #ready = pendingPid();

  constructor(options: Options) {
    const { server, directory, inheritOutput } = options;
    this.#options = options;
    this.#pidFile = new PidFile(directory, server.name);
    this.#log = inheritOutput ? undefined : new ServerLog(join(directory, 'logs', `${server.name}.log`));
  }

  /** Resolves when the server is ready. @throws with its last output when it exits or is not ready in time. */
  async start(): Promise<void> {
    this.#starting = this.#startOnce();
    await this.#starting;
    this.#supervising = this.#restartOnExit();
  }

  /** Resolves when the server has exited. A `start` that is still running rejects. */
  async stop(): Promise<void> {
    this.#abort();
    this.#ready.reject(this.#stopping.signal.reason);
    await this.#process?.stop();
    // The caller of `start` gets this error.
    await this.#starting?.catch(() => {});
    await this.#supervising;
    const exit = this.#process?.exit;
    // Nothing that the server does after its stop is worth a failed stop, for instance a full disk.
    if (exit !== undefined) await this.#options.server.afterStop?.(exit).catch(() => {});
    this.#pidFile.remove();
  }

  /** Sends the stop signal without waiting; `waitForExitSync` completes the stop. */
  signalStop(): void {
    this.#abort();
    this.#process?.signalStop();
  }

  /** Blocks the event loop until the server has exited. */
  waitForExitSync(): void {
    this.#process?.waitForExitSync();
    this.#pidFile.remove();
  }

  /** The server's process id. While the server restarts, waits until it is ready. */
  pid(): Promise<number> {
    return this.#ready.promise;
  }

  /** The log file; `undefined` when the server prints to the terminal. */
  get logPath(): string | undefined {
    return this.#log?.path;
  }

  get #title(): string {
    return this.#options.server.title;
  }

  #abort(): void {
    this.#stopping.abort(new Error(`${this.#title} is being stopped`));
  }

  async #restartOnExit(): Promise<void> {
    while (this.#process !== undefined) {
      const exit = await this.#process.exited;
      if (this.#stopping.signal.aborted) return;
      this.#ready = pendingPid();
      if (!(await this.#restart(describeExit(exit)))) return;
    }
  }

  /** Starts the server until it is ready. @returns false when it is stopped or has crashed too often. */
  async #restart(exitReason: string): Promise<boolean> {
    const { onNotice, server } = this.#options;
    for (let reason = exitReason; ; ) {
      if (this.#crashLimit.isReachedBy(performance.now())) {
        this.#giveUp(reason);
        return false;
      }
      onNotice(`${this.#title} exited unexpectedly (${reason}); restarting it.`);
      try {
        await this.#startOnce();
        onNotice(`${this.#title} is running again at ${server.address}.`);
        return true;
      } catch (error) {
        if (this.#stopping.signal.aborted) return false;
        reason = (error as Error).message.replace(/\.$/, '');
      }
    }
  }

  #giveUp(reason: string): void {
    const logHint = this.#log === undefined ? '' : ` Its log: ${this.#log.path}.`;
    const error = new Error(
      `${this.#title} keeps crashing and is not restarted again. Reason of the last crash: ${reason}.${logHint}`,
    );
    this.#ready.reject(error);
    this.#options.onFatal(error);
  }

  async #startOnce(): Promise<void> {
    const { server, onNotice } = this.#options;
    const { signal } = this.#stopping;
    const timeoutMs = server.startTimeoutMs ?? DEFAULT_START_TIMEOUT_MS;
    let deadline: number | undefined;
    for (;;) {
      signal.throwIfAborted();
      const command = await server.prepare({ signal, onNotice });
      signal.throwIfAborted();
      // Counts from here, because `prepare` may download files, which takes as long as the network needs.
      deadline ??= performance.now() + timeoutMs;
      const running = await this.#spawn(command);
      try {
        await waitUntilReady(server, running, { deadline, timeoutMs, signal });
        await server.afterStart?.(signal);
        this.#ready.resolve(running.pid);
        return;
      } catch (cause) {
        await running.stop();
        signal.throwIfAborted();
        const output = this.#log?.readSinceOpen() ?? '';
        if (server.isTransientFailure?.(output) && performance.now() < deadline) continue;
        throw new Error(`${this.#title} did not start: ${(cause as Error).message}.${lastOutput(output)}`, { cause });
      }
    }
  }

  async #spawn(command: Command): Promise<ManagedProcess> {
    const running =
      this.#log === undefined
        ? await ManagedProcess.spawn(command, 'inherit')
        : await this.#log.openForAppend((log) => ManagedProcess.spawn(command, log));
    this.#process = running;
    // A stop during the spawn could not see this process yet.
    if (this.#stopping.signal.aborted) await running.stop();
    this.#pidFile.write(running.pid, command);
    return running;
  }
}

function pendingPid(): PromiseWithResolvers<number> {
  const pending = Promise.withResolvers<number>();
  // Avoids an unhandled rejection when nothing awaits the pid.
  pending.promise.catch(() => {});
  return pending;
}
