import * as z from 'zod';

const text = z.string().min(1).max(1_024);
const redriveId = z.string().regex(/^\d{1,18}$/, 'expected the number of a redrive');

const deadLetterId = z.string().min(1).max(4_096);

const filter = z.strictObject({
  topic: text.optional(),
  codes: z.array(text).min(1).max(100).optional(),
  key: text.optional(),
  file: text.optional(),
  ids: z.array(deadLetterId).min(1).max(1_000).optional(),
});

const requestShape = z.discriminatedUnion('action', [
  z.strictObject({
    action: z.literal('plan'),
    filter: filter.default({}),
    note: z.string().max(1_000).nullable().default(null),
    rate: z.number().int().positive().max(1_000_000).nullable().default(null),
    dryRun: z.boolean().default(false),
  }),
  z.strictObject({ action: z.literal('run'), redriveId }),
  z.strictObject({ action: z.literal('cancel'), redriveId: redriveId.optional() }),
  z.strictObject({ action: z.literal('show'), redriveId: redriveId.optional() }),
  z.strictObject({ action: z.literal('discard'), id: deadLetterId }),
]);

export type RedriveEvent = z.infer<typeof requestShape> | { readonly action: 'resume' };

/**
 * Decodes this function's event: `{action: "plan" | "run" | "cancel" | "show" | "discard", …}`, or that of its schedule.
 *
 * @throws TypeError when it is none of these; the message names the field that differs.
 */
export function decodeRedriveEvent(event: unknown): RedriveEvent {
  if (typeof event !== 'object' || event === null || !('action' in event)) return { action: 'resume' };
  const result = requestShape.safeParse(event);
  if (result.success) return result.data;
  throw new TypeError(`expected an event of redrive, found another one: ${z.prettifyError(result.error)}`);
}
