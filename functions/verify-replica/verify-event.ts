import * as z from 'zod';
import { SLICE_COUNT } from '../core/verification.ts';
import type { VerifyRequest, VerifyTimes } from './replica-verifier.ts';
import type { SalaryRequest } from './salary-verifier.ts';

/** What an event asks for. A part is `null` when it is not to be verified. */
export interface VerifyCommand {
  readonly changes: Omit<VerifyRequest, keyof VerifyTimes> | null;
  readonly salaries: Omit<SalaryRequest, keyof VerifyTimes> | null;
}

/** How long changes that are on their way are waited for, by default. */
const SETTLE_MS = 30_000;

const countShape = z.int().min(0);

const eventShape = z.object({
  action: z.enum(['verify', 'repair']),
  /** Default: both. */
  part: z.enum(['changes', 'salaries']).optional(),
  /** Where the changes begin. Default: at the first key. */
  from: z
    .object({
      slice: z
        .int()
        .min(0)
        .max(SLICE_COUNT - 1),
      after: z.int().nullable(),
      /** Of a slice whose repair continues. */
      unfinished: z.object({ fromKey: z.int(), differences: countShape }).optional(),
    })
    .default({ slice: 0, after: null }),
  maxSlices: z.int().min(1).default(SLICE_COUNT),
  repairsPerSecond: z.number().positive().nullable().default(null),
  settleMs: z.number().min(0).default(SETTLE_MS),
  isDeep: z.boolean().default(false),
  /** Where a repair or a comparison with the objects continues that an earlier invocation could not end. */
  deepFrom: z
    .object({
      unrepaired: countShape.nullable(),
      afterFileId: z.string().nullable(),
      differences: countShape,
      findings: z.array(z.object({ kind: z.literal('object'), subject: z.string(), message: z.string() })),
      repaired: z.object({ totals: countShape, superseded: countShape, files: countShape }),
    })
    .nullable()
    .default(null),
});

/**
 * Decodes an event of the function. One without `action` is the schedule's: the next slice of the changes, and with the
 * first slice the salaries.
 *
 * @throws ZodError for another `action`, or a field of another type.
 */
export function decodeVerifyEvent(event: unknown): VerifyCommand | 'scheduled' {
  if (typeof event !== 'object' || event === null || !('action' in event)) return 'scheduled';
  const { action, part, isDeep, deepFrom, ...request } = eventShape.parse(event);
  const isRepair = action === 'repair';
  return {
    changes: part === 'salaries' ? null : { ...request, isRepair, pace: isRepair ? 'full' : 'adaptive' },
    salaries: part === 'changes' ? null : { isRepair, isDeep, deepFrom },
  };
}

/** The next slice, without a repair, and with little effect on whatever else uses the servers. */
export const SCHEDULED_CHANGES: Omit<VerifyRequest, keyof VerifyTimes> = {
  ...{ from: null, maxSlices: 1, isRepair: false, repairsPerSecond: null, settleMs: SETTLE_MS },
  pace: 'gentle',
};

export const SCHEDULED_SALARIES: Omit<SalaryRequest, keyof VerifyTimes> = {
  ...{ isRepair: false, isDeep: false, deepFrom: null },
};
