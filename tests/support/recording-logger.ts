import type { Logger } from '../../functions/ports/logger.ts';

interface LogEntry {
  readonly level: 'debug' | 'info' | 'warn';
  readonly message: string;
  readonly context: Readonly<Record<string, unknown>>;
}

/** A logger that keeps what is logged. */
export class RecordingLogger implements Logger {
  readonly entries: LogEntry[] = [];

  debug(message: string, context: LogEntry['context']): void {
    this.entries.push({ level: 'debug', message, context });
  }

  info(message: string, context: LogEntry['context']): void {
    this.entries.push({ level: 'info', message, context });
  }

  warn(message: string, context: LogEntry['context']): void {
    this.entries.push({ level: 'warn', message, context });
  }
}
