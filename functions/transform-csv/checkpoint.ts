import * as z from 'zod';
import type { FileArrival, RowCounts } from '../core/ingestion.ts';
import type { SalaryColumns } from '../core/salary-columns.ts';
import type { FilePosition } from '../csv/row-batch.ts';

/** The progress of the first pass, which validates the file and publishes nothing. */
export interface ValidationCheckpoint extends FilePosition {
  readonly phase: 'judge';
  readonly arrival: FileArrival;
  /** The columns of the header; `null` until it is read. */
  readonly columns: SalaryColumns | null;
  /** The position after the header, where the second pass begins; `null` until the header is read. */
  readonly firstRow: FilePosition | null;
}

/** The progress of the second pass, which publishes the rows. All rows before the position are acknowledged and counted. */
export interface SendCheckpoint extends FilePosition {
  readonly phase: 'send';
  readonly arrival: FileArrival;
  readonly columns: SalaryColumns;
  /** `read` is also the number of the last row before the position. */
  readonly counts: RowCounts;
}

/**
 * Where an invocation starts with a file. `begin`: nothing is done yet. `judge`: in the first pass, which validates the
 * file; the literal is part of the event and stays, so that an event queued before a deployment is still understood.
 */
export type Checkpoint =
  | { readonly phase: 'begin'; readonly arrival: FileArrival }
  | ValidationCheckpoint
  | SendCheckpoint;

const whole = z.number().int().nonnegative();
const arrival = z.object({
  bucket: z.string().min(1),
  key: z.string().min(1),
  version: z.string().min(1),
  versionId: z.string().min(1).nullable(),
  sequencer: z.string().nullable(),
  eTag: z.string().min(1),
  sizeBytes: whole,
  sentAt: z.iso.datetime().optional(),
});
const position = { byteOffset: whole, line: z.number().int().positive() };
const columns = z.object({
  count: whole,
  department: whole,
  departmentDivision: whole,
  positionTitle: whole,
  hireDate: whole,
  salary: whole,
});
const counts = z.object({ read: whole, filteredOut: whole, rejected: whole, sent: whole });

/** The event by which `reconcile-bucket` starts a file: `{arrival: {bucket, key, version, ...}}`. */
export const arrivalEventShape = z.object({ arrival });

/** The event by which the function invokes itself: `{checkpoint: {schema: 1, phase, ...}}`. */
export const continuationEventShape = z.object({
  checkpoint: z.discriminatedUnion('phase', [
    z.object({ schema: z.literal(1), phase: z.literal('begin'), arrival }),
    z.object({
      schema: z.literal(1),
      phase: z.literal('judge'),
      arrival,
      ...position,
      columns: columns.nullable(),
      firstRow: z.object(position).nullable(),
    }),
    z.object({ schema: z.literal(1), phase: z.literal('send'), arrival, ...position, columns, counts }),
  ]),
});

export function continuationEvent(checkpoint: Checkpoint): z.infer<typeof continuationEventShape> {
  return { checkpoint: { schema: 1, ...checkpoint } };
}
