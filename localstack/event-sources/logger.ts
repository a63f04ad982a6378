export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes one structured line for each event. Lines never contain the content of a record. */
export interface Logger {
  debug(message: string, fields?: () => LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  readonly level: LogLevel;
}

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** Logs JSON lines. `write` gets each without a line break. The fields of debug lines are only computed at level debug. */
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

/** The message of an error with that of its cause, because kafkajs has the actual error in `cause`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error && error.cause.message !== error.message ? `: ${error.cause.message}` : '';
  return `${error.message || error.name}${cause}`;
}
