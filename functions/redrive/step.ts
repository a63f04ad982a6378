import type { DeadLetter } from '../core/dead-letter.ts';
import type { Envelope } from '../core/dead-letter-envelope.ts';
import type { FileArrival } from '../core/ingestion.ts';
import type { ClaimedDeadLetter, Refusal } from '../core/redrive.ts';
import type { PlacedRecord } from './located-publisher.ts';

/** A claimed dead letter and its content in the dead-letter topic. */
export interface ReadDeadLetter {
  readonly claimed: ClaimedDeadLetter;
  readonly envelope: Envelope;
  /** The key of the dead letter, which is that of its record unless that is very long. */
  readonly recordKey: Buffer | null;
}

/** What a redrive does with one dead letter. */
export type Step = { readonly claimed: ClaimedDeadLetter } & (
  | { readonly kind: 'publish'; readonly topic: string; readonly topicId: string; readonly record: PlacedRecord }
  /** Process a whole file again. */
  | { readonly kind: 'request'; readonly arrival: FileArrival }
  | { readonly kind: 'refuse'; readonly refusal: Refusal }
  /** The rules reject the row again. */
  | { readonly kind: 'return'; readonly deadLetter: DeadLetter }
  /** The rules now filter the row out. */
  | { readonly kind: 'filter'; readonly fileId: string; readonly row: number }
  | { readonly kind: 'obsolete' }
);

export function refuse(claimed: ClaimedDeadLetter, code: Refusal['code'], reason: string): Step {
  return { claimed, kind: 'refuse', refusal: { code, reason } };
}
