import type { Command, Exit } from './managed-process.ts';

/** One kind of server: how to start its process, and how to find out that it is ready. */
export interface Server {
  /** Names its log file and its pid file. */
  readonly name: string;
  /** The name in messages. */
  readonly title: string;
  /** The address in messages. */
  readonly address: string;
  /** Limit from the start of the process to the first successful probe, crash recovery included. Default 180 s. */
  readonly startTimeoutMs?: number;
  /** Runs before every start: installs and configures what the process needs. Must be safe to repeat after a kill. */
  prepare(context: PrepareContext): Promise<Command>;
  /** Sends a real request; rejects until the server answers it correctly. */
  probe(signal: AbortSignal): Promise<void>;
  /** Runs after the first successful probe of each start, for instance to create a database. */
  afterStart?(signal: AbortSignal): Promise<void>;
  /** Runs when the process has exited because the server was stopped. A failure is ignored. */
  afterStop?(exit: Exit): Promise<void>;
  /** Whether a failed start with this output is worth another attempt at once. */
  isTransientFailure?(output: string): boolean;
}

export interface PrepareContext {
  readonly signal: AbortSignal;
  /** Reports progress to the user, one line at a time. */
  readonly onNotice: (line: string) => void;
}
