import { z } from 'zod';

const environmentValue = z.union([
  z.string(),
  /** A field of endpoints.json, for instance `kafka.brokers`. */
  z.strictObject({ endpoint: z.string() }),
  /** Removes the variable. */
  z.null(),
]);

const invocation = z.strictObject({
  /** The function's key in serverless.yml. */
  function: z.string(),
  event: z.unknown().default({}),
  /** The number of simultaneous invocations, each of which loads its own instance of the function. */
  concurrency: z.coerce.number().int().min(1).default(1),
  /** Whether the start waits for the result, and fails when the function fails. */
  wait: z.boolean().default(true),
});

const settingsSchema = z.strictObject({
  environment: z
    .strictObject({
      /** Local values of variables that a function or the provider defines. */
      replace: z.record(z.string(), environmentValue).default({}),
      /** Variables for all functions. */
      add: z.record(z.string(), z.string()).default({}),
    })
    .default({ replace: {}, add: {} }),
  /** Resources of another stack that the functions need, in CloudFormation's form. Their buckets and tables are created. */
  resources: z.record(z.string(), z.looseObject({ Type: z.string() })).default({}),
  /** The bucket that endpoints.json names. Default: the first one. */
  bucket: z.string().optional(),
  /** The logical id of the table that endpoints.json names. Default: the first one. */
  offsetTable: z.string().optional(),
  /** The function's key in serverless.yml that makes the operators' page. It is served at the HTTP port. */
  dashboard: z.string().optional(),
  /** Invoked one after another at a start, before any event source polls. */
  beforeEventSources: z.array(invocation).default([]),
  /** Invoked one after another at a start, when all event sources poll. Then the stack is ready. */
  afterEventSources: z.array(invocation).default([]),
});

/** `custom.localStack` of serverless.yml: what the local stack needs to know about this service. */
export type LocalStackSettings = z.output<typeof settingsSchema>;
export type StartInvocation = z.output<typeof invocation>;

/** @throws with one line for each invalid setting. */
export function readSettings(input: unknown): LocalStackSettings {
  const parsed = settingsSchema.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${['custom.localStack', ...path].join('.')}: ${message}`,
  );
  throw new Error(faults.join('\n'));
}
