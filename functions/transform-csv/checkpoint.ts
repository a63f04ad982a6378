import { z } from 'zod';
import type { FileArrival, RowCounts } from '../core/ingestion.ts';
import type { SalaryColumns } from '../core/salary-columns.ts';
import type { FilePosition } from './record-scanner.ts';

/** How far the first pass is: nothing of the file is published yet. */
export interface JudgeCheckpoint extends FilePosition {
  readonly phase: 'judge';
  readonly arrival: FileArrival;
  /** What the header says; `null` while it has not been read. */
  readonly columns: SalaryColumns | null;
  /** Byte and line behind the header, where the second pass begins. */
  readonly firstRow: FilePosition | null;
}

/** How far the second pass is: everything before the position is acknowledged, and counted. */
export interface SendCheckpoint extends FilePosition {
  readonly phase: 'send';
  readonly arrival: FileArrival;
  readonly columns: SalaryColumns;
  /** `read` is also the number of the last row before the position. */
  readonly counts: RowCounts;
}

/** The next step of a file in another invocation. `begin`: nothing is done yet. */
export type Checkpoint = { readonly phase: 'begin'; readonly arrival: FileArrival } | JudgeCheckpoint | SendCheckpoint;

const whole = z.number().int().nonnegative();
const arrival = z.object({
  bucket: z.string().min(1),
  key: z.string().min(1),
  version: z.string().min(1),
  versionId: z.string().min(1).nullable(),
  sequencer: z.string().nullable(),
  eTag: z.string().min(1),
  sizeBytes: whole,
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

/** The event by which `reconcile-bucket` tells of a file. */
export const arrivalEventShape = z.object({ arrival });

/** The event by which the function continues in another invocation: `{checkpoint: {schema: 1, phase, ...}}`. */
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
