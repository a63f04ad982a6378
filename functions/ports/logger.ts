/**
 * The log of one function. The context says where something happened (bucket, key, line, topic, partition, offset) and
 * how much of it; never the values of a row.
 */
export interface Logger {
  debug(message: string, context: LogContext): void;
  info(message: string, context: LogContext): void;
  warn(message: string, context: LogContext): void;
}

type LogContext = Readonly<Record<string, unknown>>;
