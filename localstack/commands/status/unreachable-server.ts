/** The errors by which a server says that the table, bucket or database of the stack is not there: by name or by SQLSTATE. */
const MISSING = new Set(['ResourceNotFoundException', 'NoSuchBucket', '3D000']);

/** Why a server did not deliver what the status asked for, in a few words. */
export function unreachableReason(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(unreachableReason).join('; ');
  if (!(error instanceof Error)) return String(error);
  return error.name === 'TimeoutError' ? 'it did not answer in time' : error.message || error.name;
}

/** @param log where the server's own messages are. */
export function unreachableRemedy(error: unknown, log: string): string {
  const { name, code } = (error ?? {}) as { name?: string; code?: string };
  return MISSING.has(name ?? '') || MISSING.has(code ?? '')
    ? 'It was deleted: stop the stack and run npm start, which creates it'
    : `The stack restarts a crashed server within seconds: run npm run status again, then look at ${log}`;
}
