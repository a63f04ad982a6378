import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { eventually, StopWaiting } from '../eventually.ts';
import type { CdcSettings } from './settings.ts';
import type { VerifierTask } from './verifier-process.ts';

export type ProcessMessage = Readonly<Record<string, unknown>>;

export interface ProcessOptions {
  /** The process kills itself after this many publications (poller) or commits (applier). */
  readonly dieAfter?: number | undefined;
  /** What a verifier does. */
  readonly task?: VerifierTask;
  readonly timeZone?: string | undefined;
}

/** A poller, an applier or a verifier in a process of its own, so that a test can kill and freeze it. */
export class CdcProcess {
  /** All messages that it has sent so far. */
  readonly messages: ProcessMessage[] = [];
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  #isClosed = false;
  #frozenAtMs = Number.POSITIVE_INFINITY;

  constructor(
    script: 'poller-process' | 'applier-process' | 'verifier-process',
    settings: CdcSettings,
    { dieAfter, timeZone, task }: ProcessOptions = {},
  ) {
    const more = task === undefined ? dieAfter : JSON.stringify(task);
    const args = [JSON.stringify(settings), ...(more === undefined ? [] : [String(more)])];
    this.child = fork(join(__dirname, `${script}.ts`), args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: { ...process.env, ...(timeZone !== undefined && { TZ: timeZone }) },
    });
    this.child.on('message', (message) => this.messages.push(message as ProcessMessage));
    this.child.on('close', () => {
      this.#isClosed = true;
    });
    this.exited = once(this.child, 'exit');
  }

  /**
   * The first message that matches.
   *
   * @throws when none comes in time, or at once when the process has ended or is frozen for more than `frozenMs`.
   */
  async until(matches: (message: ProcessMessage) => boolean, frozenMs?: number): Promise<ProcessMessage> {
    return eventually(
      () => {
        const found = this.messages.find(matches);
        if (found !== undefined) return found;
        if (this.#isClosed) throw new StopWaiting('the process ended without the expected message');
        if (frozenMs !== undefined && performance.now() - this.#frozenAtMs > frozenMs) {
          throw new StopWaiting(`the process is frozen for more than ${frozenMs} ms`);
        }
        return undefined;
      },
      { what: 'a message of the process' },
    );
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
    this.#frozenAtMs = performance.now();
  }

  wake(): void {
    this.child.kill('SIGCONT');
    this.#frozenAtMs = Number.POSITIVE_INFINITY;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
