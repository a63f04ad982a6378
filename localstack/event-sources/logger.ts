export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type LogFields = Readonly<Record<string, unknown>>;

/** One structured line an event. Never a record's content. */
export interface Logger {
  debug(message: string, fields?: () => LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  readonly level: LogLevel;
}

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** JSON lines; `write` gets each without its line end. Fields of debug lines are only computed when they are shown. */
export function createLogger(
  level: LogLevel,
  write: (line: string) => void,
  now: () => Date = () => new Date(),
): Logger {
  const emit = (lineLevel: LogLevel, message: string, fields: LogFields = {}) => {
    if (order.indexOf(lineLevel) < order.indexOf(level)) return;
    write(JSON.stringify({ timestamp: now().toISOString(), level: lineLevel, message, ...fields }));
  };
  return {
    level,
    debug: (message, fields) => {
      if (level === 'debug') emit('debug', message, fields?.());
    },
    info: (message, fields) => emit('info', message, fields),
    warn: (message, fields) => emit('warn', message, fields),
    error: (message, fields) => emit('error', message, fields),
  };
}

/** Text of an error for a log line; kafkajs hides the true one in `cause`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error && error.cause.message !== error.message ? `: ${error.cause.message}` : '';
  return `${error.message || error.name}${cause}`;
}
