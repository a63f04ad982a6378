import { randomBytes } from 'node:crypto';

/** W3C Trace Context: a new trace, of which nothing has recorded a span. */
export function newTraceparent(): string {
  return `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-00`;
}
