import type { Command } from './managed-process.ts';

export const serverNames = ['kafka', 'sourceDatabase', 'targetDatabase', 's3', 'dynamodb'] as const;
export type ServerName = (typeof serverNames)[number];

/** What the stack has to know about one kind of server to run it. */
export interface Server {
  readonly name: string;
  /** As it is shown to people. */
  readonly title: string;
  /** Where it answers, as it is shown to people. */
  readonly address: string;
  /** How long it may take from the start of the process to its first answer, crash recovery included; 180 s when absent. */
  readonly startTimeoutMs?: number;
  /** Makes everything ready that the start needs; runs before every start, and goes on where a killed one stopped. */
  prepare(context: PrepareContext): Promise<Command>;
  /** Makes a real request; rejects while the server does not answer it as it should. */
  probe(signal: AbortSignal): Promise<void>;
  /** What is missing right after the first answer of each start, such as a database. */
  afterStart?(signal: AbortSignal): Promise<void>;
  /** A start that failed with these last words will succeed a moment later. */
  isPassing?(lastWords: string): boolean;
}

export interface PrepareContext {
  readonly signal: AbortSignal;
  readonly onNotice: (line: string) => void;
}
