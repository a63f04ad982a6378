import * as z from 'zod';
import { DEAD_LETTER_STATES } from '../core/dead-letter-entry.ts';
import { decodeEnvelope, type Envelope } from '../core/dead-letter-envelope.ts';
import { decodeTyped, encodeTyped } from '../core/typed-json.ts';
import type { DashboardState, StageStatus } from '../ports/dashboard-state.ts';
import type { DeadLetterFilter, DeadLetterLedger } from '../ports/dead-letter-ledger.ts';
import type { RecordReader } from '../ports/record-reader.ts';
import { recordOf } from './dead-letter-record.ts';
import { observe } from './judge.ts';
import type { SharedState } from './shared-state.ts';

export interface OperationDependencies {
  readonly stage: string;
  readonly state: Pick<SharedState, 'read'>;
  readonly deadLetters: Pick<DeadLetterLedger, 'list' | 'count' | 'find'>;
  /** Reads the record of a dead letter. */
  readonly records: Pick<RecordReader, 'read'>;
}

/** After a pause, Lambda lets the servers connect again, which takes longer than a page waits for them. */
const MAX_READS = 10;
/** An older value is from before a pause. */
const MAX_AGE_MS = 5_000;

const text = z.string().max(4_096);
const filter = z.strictObject({
  states: z.array(z.enum(DEAD_LETTER_STATES)).optional(),
  topics: z.array(text).optional(),
  codes: z.array(text).optional(),
  key: text.optional(),
  file: text.optional(),
  since: z.date().optional(),
  until: z.date().optional(),
});

const requestShape = z.discriminatedUnion('operation', [
  z.strictObject({ operation: z.literal('status') }),
  z.strictObject({ operation: z.literal('list-dead-letters'), filter, limit: z.number().int().min(1).max(1_000) }),
  z.strictObject({ operation: z.literal('count-dead-letters'), filter }),
  z.strictObject({ operation: z.literal('find-dead-letter'), id: text }),
  z.strictObject({ operation: z.literal('read-dead-letter'), id: text }),
]);

/** Whether an event is from an operator's command, and not from the HTTP API, whose events have no such field. */
export function isOperation(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'operation' in event;
}

/**
 * Answers an operator's command, which invokes the function directly. It only reads.
 *
 * @returns the answer as `encodeTyped` makes it.
 * @throws TypeError when the event is another one; the message names the field that differs.
 */
export async function answerOperation(dependencies: OperationDependencies, event: unknown): Promise<unknown> {
  const result = requestShape.safeParse(decodeTyped(event));
  if (!result.success) {
    throw new TypeError(`expected an operation of dashboard, found another event: ${z.prettifyError(result.error)}`);
  }
  return encodeTyped(await carryOut(dependencies, result.data));
}

function carryOut(dependencies: OperationDependencies, request: z.infer<typeof requestShape>): Promise<unknown> {
  const { deadLetters } = dependencies;
  switch (request.operation) {
    case 'status':
      return readStatus(dependencies);
    case 'list-dead-letters':
      return deadLetters.list(request.filter as DeadLetterFilter, request.limit);
    case 'count-dead-letters':
      return deadLetters.count(request.filter as DeadLetterFilter);
    case 'find-dead-letter':
      return deadLetters.find(request.id);
    case 'read-dead-letter':
      return readEnvelope(dependencies, request.id);
  }
}

/** Reads until each part has a recent value or a reason why it has none. */
async function readStatus({ state, stage }: OperationDependencies): Promise<StageStatus> {
  let current = await state.read(stage);
  for (let reads = 1; !isSettled(current) && reads < MAX_READS; reads += 1) current = await state.read(stage);
  return { state: current, observation: observe(current) };
}

function isSettled({ readings, now }: DashboardState): boolean {
  return Object.values(readings).every(
    ({ at, failure }) => failure !== null || (at !== null && now.getTime() - at.getTime() <= MAX_AGE_MS),
  );
}

/** `null` when the ledger or Kafka no longer has it. */
async function readEnvelope({ deadLetters, records }: OperationDependencies, id: string): Promise<Envelope | null> {
  const entry = await deadLetters.find(id);
  if (entry === null) return null;
  const record = await recordOf(records, entry);
  return record?.value ? (decodeEnvelope(record.value) ?? null) : null;
}
