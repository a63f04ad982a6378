import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import { eventually, StopWaiting } from '../eventually.ts';
import type { BatchHandler } from './event-source.ts';
import type { CdcSettings } from './settings.ts';

/** An applier frozen for longer is given up, as by the end of its invocation; one that is merely slow is waited for. */
const GIVE_UP_FROZEN_MS = 1_500;

export type Told = Readonly<Record<string, unknown>>;

/** A poller or an applier as a real process, with what it has told so far. */
export class CdcProcess {
  readonly told: Told[] = [];
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  #hasToldAll = false;
  #frozenAt = Number.POSITIVE_INFINITY;

  constructor(
    script: 'poller-process' | 'applier-process',
    settings: CdcSettings,
    { dieAfter, timeZone }: { readonly dieAfter?: number | undefined; readonly timeZone?: string | undefined } = {},
  ) {
    const args = [JSON.stringify(settings), ...(dieAfter === undefined ? [] : [String(dieAfter)])];
    this.child = fork(join(__dirname, `${script}.ts`), args, {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: ['--disable-warning=TimeoutNegativeWarning'],
      env: { ...process.env, ...(timeZone !== undefined && { TZ: timeZone }) },
    });
    this.child.on('message', (message) => this.told.push(message as Told));
    this.child.on('close', () => {
      this.#hasToldAll = true;
    });
    this.exited = once(this.child, 'exit');
  }

  /**
   * The first message that matches.
   *
   * @throws when none comes in time, or at once when the process has ended or is frozen for more than `frozenMs`.
   */
  async until(matches: (message: Told) => boolean, frozenMs = Number.POSITIVE_INFINITY): Promise<Told> {
    return eventually(
      () => {
        const found = this.told.find(matches);
        if (found !== undefined) return found;
        if (this.#hasToldAll) throw new StopWaiting('the process ended without the expected message');
        if (performance.now() - this.#frozenAt > frozenMs) {
          throw new StopWaiting(`the process is frozen for more than ${frozenMs} ms`);
        }
        return undefined;
      },
      { what: 'a message of the process' },
    );
  }

  freeze(): void {
    this.child.kill('SIGSTOP');
    this.#frozenAt = performance.now();
  }

  wake(): void {
    this.child.kill('SIGCONT');
    this.#frozenAt = Number.POSITIVE_INFINITY;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

/** Invokes appliers that are processes, as an event source does: a dead or frozen one is given up, a fresh one tried. */
export class ApplierFleet {
  readonly #settings: CdcSettings;
  readonly #timeZone: string | undefined;
  readonly #processes = new Map<number, CdcProcess>();
  readonly #all: CdcProcess[] = [];
  #nextId = 1;
  #stopped = false;
  /** The next process started dies behind this many commits. */
  dieAfter: number | undefined;

  constructor(settings: CdcSettings, timeZone?: string) {
    this.#settings = settings;
    this.#timeZone = timeZone;
  }

  get started(): number {
    return this.#all.length;
  }

  /** The process that serves a partition, when it has answered for a batch already. */
  serving(partition: number): CdcProcess | undefined {
    const applier = this.#processes.get(partition);
    return applier?.told.some(({ done }) => done === true) ? applier : undefined;
  }

  readonly handle: BatchHandler = async (records, partition) => {
    if (this.#stopped) throw new Error('the appliers are stopped');
    const applier = this.#processes.get(partition) ?? this.#start(partition);
    const id = this.#nextId++;
    try {
      await applier.until(({ ready }) => ready === true);
      // One that has just ended cannot be told any more, as is seen below.
      applier.child.send({ id, records: records.map(portable) }, () => {});
      const answered = applier.until((told) => told['id'] === id, GIVE_UP_FROZEN_MS);
      const died = applier.exited.then(() => {
        throw new Error('the applier died');
      });
      died.catch(() => {});
      const { failed } = await Promise.race([answered, died]);
      if (failed !== undefined) throw new Error(String(failed));
    } catch (error) {
      // An attempt that is given up may still be running; its successor does not wait for it.
      if (!String(error).includes('ECONN')) this.#processes.delete(partition);
      throw error;
    }
  };

  /** The event source may go on asking; it gets no new process. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const each of this.#all) each.wake();
    await Promise.all(this.#all.map((each) => each.kill()));
  }

  #start(partition: number): CdcProcess {
    const applier = new CdcProcess('applier-process', this.#settings, {
      dieAfter: this.dieAfter,
      timeZone: this.#timeZone,
    });
    this.dieAfter = undefined;
    this.#processes.set(partition, applier);
    this.#all.push(applier);
    return applier;
  }
}

function portable({ partition, offset, key, value }: KafkaRecord) {
  return { partition, offset, key: key?.toString('base64') ?? null, value: value?.toString('base64') ?? null };
}
