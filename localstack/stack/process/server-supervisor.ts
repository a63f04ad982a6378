import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Exit, ManagedProcess } from './managed-process.ts';
import { processIdentity, signalProcess } from './process-info.ts';
import { lastLines } from './run-program.ts';
import type { Server } from './server.ts';

const deathsAllowed = 3;
const deathWindowMs = 60_000;
const probeIntervalMs = 50;
const probeTimeoutMs = 3_000;
const largestLogBytes = 5_000_000;

interface Options {
  readonly server: Server;
  readonly directory: string;
  readonly onNotice: (line: string) => void;
  /** Lets the process print where this one prints, instead of into its log. */
  readonly printsHere?: boolean;
  /** Called once, when the server has died for the third time within a minute. */
  readonly onFatal: (error: Error) => void;
}

/** Keeps one server running: starts it, waits for its answer, starts it again when it dies. */
export class ServerSupervisor {
  readonly #options: Options;
  readonly #stopping = new AbortController();
  readonly #deaths: number[] = [];
  #process: ManagedProcess | undefined;
  #starting: Promise<void> | undefined;
  #keeping: Promise<void> | undefined;
  #ready = Promise.withResolvers<number>();

  constructor(options: Options) {
    this.#options = options;
    // Nobody may be waiting when it fails.
    this.#ready.promise.catch(() => {});
  }

  /** Resolves when the server answers. @throws with its last words when it ends, or stays silent for too long. */
  async start(): Promise<void> {
    this.#starting = this.#startOnce();
    await this.#starting;
    this.#keeping = this.#keepRunning();
  }

  /** Resolves when the server is gone. Also ends a start that is on its way. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error(`${this.#title} is being stopped`));
    this.#ready.reject(this.#stopping.signal.reason);
    await this.#process?.stop();
    // Its failure is told to the one who has started it.
    await this.#starting?.catch(() => {});
    await this.#keeping;
    rmSync(this.#recordPath, { force: true });
  }

  /** First half of a stop that waits for nothing; `waitForEnd` is the other. */
  signalStop(): void {
    this.#stopping.abort(new Error(`${this.#title} is being stopped`));
    this.#process?.signalStop();
  }

  waitForEnd(): void {
    this.#process?.waitForEnd();
    rmSync(this.#recordPath, { force: true });
  }

  /** @returns the id of the process that answers; waits for it while the server is being started again. */
  pid(): Promise<number> {
    return this.#ready.promise;
  }

  /** Ends what a parent that was killed has left behind, as soon as possible but as gently as its own stop would. */
  async endLeftover(): Promise<void> {
    const record = readRecord(this.#recordPath);
    if (record === undefined) return;
    const isRunning = () => processIdentity(record.pid) === record.identity;
    const deadline = Date.now() + record.stopTimeoutMs + 2_000;
    if (isRunning()) {
      this.#options.onNotice(`${this.#title} of an earlier run (process ${record.pid}) is still there: ending it.`);
      signalProcess(record.pid, record.stopSignal);
      signalProcess(record.pid, 'SIGCONT');
    }
    while (isRunning()) {
      if (Date.now() > deadline) signalProcess(record.pid, 'SIGKILL');
      await delay(probeIntervalMs, undefined, { signal: this.#stopping.signal });
    }
    rmSync(this.#recordPath, { force: true });
  }

  get #title(): string {
    return this.#options.server.title;
  }

  get #recordPath(): string {
    return join(this.#options.directory, 'run', `${this.#options.server.name}.json`);
  }

  get #logPath(): string {
    return join(this.#options.directory, 'logs', `${this.#options.server.name}.log`);
  }

  async #keepRunning(): Promise<void> {
    const { onNotice, onFatal } = this.#options;
    while (this.#process !== undefined) {
      let reason = describeExit(await this.#process.exited);
      if (this.#stopping.signal.aborted) return;
      this.#ready = Promise.withResolvers<number>();
      this.#ready.promise.catch(() => {});
      for (;;) {
        const now = Date.now();
        this.#deaths.push(now);
        while ((this.#deaths[0] ?? now) < now - deathWindowMs) this.#deaths.shift();
        if (this.#deaths.length >= deathsAllowed) {
          const error = new Error(
            `${this.#title} died ${deathsAllowed} times within a minute, the last time: ${reason}.` +
              (this.#options.printsHere ? '' : ` Its log is ${this.#logPath}.`),
          );
          this.#ready.reject(error);
          onFatal(error);
          return;
        }
        onNotice(`${this.#title} died (${reason}); starting it again.`);
        try {
          await this.#startOnce();
          onNotice(`${this.#title} is back at ${this.#options.server.address}.`);
          break;
        } catch (error) {
          if (this.#stopping.signal.aborted) return;
          reason = (error as Error).message.replace(/\.$/, '');
        }
      }
    }
  }

  async #startOnce(): Promise<void> {
    const { server } = this.#options;
    const signal = this.#stopping.signal;
    let deadline: number | undefined;
    for (;;) {
      signal.throwIfAborted();
      const command = await server.prepare({ signal, onNotice: this.#options.onNotice });
      signal.throwIfAborted();
      // Not before: what has to be fetched first takes as long as the network needs.
      deadline ??= Date.now() + startTimeoutOf(server);
      const log = this.#options.printsHere ? undefined : openLog(this.#logPath);
      const logStart = log === undefined ? 0 : fstatSync(log).size;
      try {
        this.#process = await ManagedProcess.spawn(command, log ?? 'inherit');
      } finally {
        if (log !== undefined) closeSync(log);
      }
      // A stop that came meanwhile did not see this process.
      if (signal.aborted) await this.#process.stop();
      writeRecord(this.#recordPath, this.#process.pid, command.stopSignal, command.stopTimeoutMs);
      try {
        await this.#waitUntilReady(this.#process, deadline);
        await server.afterStart?.(signal);
        this.#ready.resolve(this.#process.pid);
        return;
      } catch (cause) {
        await this.#process.stop();
        signal.throwIfAborted();
        const lastWords = log === undefined ? '' : readFileSync(this.#logPath).subarray(logStart).toString();
        if (server.isPassing?.(lastWords) && Date.now() < deadline) continue;
        const said = lastWords.trim() === '' ? '' : ` It said:\n${lastLines(lastWords, 15)}`;
        throw new Error(`${this.#title} did not start: ${(cause as Error).message}.${said}`, { cause });
      }
    }
  }

  async #waitUntilReady(running: ManagedProcess, deadline: number): Promise<void> {
    for (;;) {
      const attempt = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(probeTimeoutMs)]);
      const failure = await Promise.race([
        this.#options.server.probe(attempt).then(
          () => undefined,
          (error: unknown) => error,
        ),
        running.exited.then(() => undefined),
      ]);
      if (running.exit !== undefined) throw new Error(describeExit(running.exit));
      this.#stopping.signal.throwIfAborted();
      if (failure === undefined) return;
      if (Date.now() > deadline) {
        const seconds = startTimeoutOf(this.#options.server) / 1000;
        throw new Error(`it did not answer within ${seconds} s (${describe(failure)})`, { cause: failure });
      }
      await delay(probeIntervalMs, undefined, { signal: this.#stopping.signal });
    }
  }
}

function describeExit({ code, signal }: Exit): string {
  return signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`;
}

function describe(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}

function openLog(path: string): number {
  mkdirSync(join(path, '..'), { recursive: true });
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > largestLogBytes) renameSync(path, `${path}.old`);
  return openSync(path, 'a');
}

interface ProcessRecord {
  readonly pid: number;
  readonly identity: string;
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  readonly stopTimeoutMs: number;
}

function writeRecord(path: string, pid: number, stopSignal: 'SIGTERM' | 'SIGINT', stopTimeoutMs: number): void {
  const identity = processIdentity(pid);
  if (identity === undefined) return;
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, JSON.stringify({ pid, identity, stopSignal, stopTimeoutMs } satisfies ProcessRecord));
}

function readRecord(path: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessRecord;
  } catch {
    // Absent, or half written by a parent that was killed; the watchdog ends what that one has started.
    return undefined;
  }
}

function startTimeoutOf({ startTimeoutMs = 180_000 }: Server): number {
  return startTimeoutMs;
}
