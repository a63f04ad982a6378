import { z } from 'zod';

const milliseconds = z.number().min(0);
const backoff = z.strictObject({ initialMs: milliseconds, maxMs: milliseconds });
const endpoint = z.url();

/** `custom.eventSources` of serverless.yml; each with its unit and default. */
export const optionsSchema = z.strictObject({
  /** Stand in for every cluster of the template. Without them self-managed mappings use their own servers. */
  brokers: z.array(z.string().regex(/^\S+:\d+$/, 'expected host:port')).optional(),
  /** Further settings of the Kafka client, for instance `ssl` and `sasl`. */
  kafka: z.record(z.string(), z.unknown()).optional(),
  /** Absent: bucket notifications of the template are not emulated. */
  s3: z
    .strictObject({
      endpoint,
      region: z.string().default('us-east-1'),
      accessKeyId: z.string(),
      secretAccessKey: z.string(),
      /** `minio` is told to post to the port below; every server is listed as well. */
      kind: z.string().optional(),
      /** How often a bucket is listed, in milliseconds. */
      pollIntervalMs: milliseconds.default(200),
      /** Where the server posts its notifications to, and its own name for that target. */
      notifications: z.strictObject({ port: z.number().int().min(0).max(65_535), targetArn: z.string() }).optional(),
    })
    .optional(),
  /** Serves Lambda's Invoke API. */
  lambdaEndpoint: endpoint.default('http://127.0.0.1:3002'),
  /** Cursors, queued events and failure records of destinations that have no endpoint. */
  stateDirectory: z.string().default('.localstack/event-sources'),
  /** Loopback port of the counters; 0 takes a free one. Absent: not served. */
  metricsPort: z.number().int().min(0).max(65_535).optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional(),
  region: z.string().optional(),
  accountId: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  /** Servers that stand in for AWS's; without one, what would be sent is written to files under `stateDirectory`. */
  destinationEndpoints: z
    .strictObject({ sqs: endpoint.optional(), sns: endpoint.optional(), s3: endpoint.optional() })
    .default({}),
  /** Absent keys and values of records: left out, or null. */
  nullFields: z.enum(['omit', 'null']).default('omit'),
  /** A value that is not of the filter's kind (text against JSON). */
  filterMismatch: z.enum(['pass', 'drop']).default('pass'),
  isolationLevel: z.enum(['read_committed', 'read_uncommitted']).default('read_committed'),
  /** Retry limits, age, bisect and partial answers without ProvisionedPollerConfig: refused, or allowed. */
  errorControlsOnDemand: z.enum(['refuse', 'allow']).default('refuse'),
  /** AWS: 5, or 10 on request. */
  maximumFilters: z.number().int().min(1).default(10),
  /** After function errors, doubling. AWS does not tell its own. */
  retryBackoff: backoff.default({ initialMs: 1_000, maxMs: 30_000 }),
  /** After throttling, service errors and a runtime that is away. */
  outageBackoff: backoff.default({ initialMs: 100, maxMs: 2_000 }),
  /** Before the retries of asynchronous invocations. */
  asyncRetryDelaysMs: z.array(milliseconds).min(1).default([60_000, 120_000]),
  asyncConcurrency: z.number().int().min(1).default(10),
  sessionTimeoutMs: z.number().int().min(1).default(10_000),
  /** How long creating a mapping takes, during which LATEST may miss records. */
  creationDelayMs: milliseconds.default(0),
  s3EventVersion: z.string().default('2.1'),
  /** Ends invocations whose runtime does not. Off while debugging. */
  enforceTimeout: z.boolean().default(true),
  /** Added to a function's timeout before its invocation is ended here: a cold start does not count on AWS either. */
  coldStartMs: milliseconds.default(10_000),
});

export type EventSourcesOptions = z.output<typeof optionsSchema>;
export type EventSourcesInput = z.input<typeof optionsSchema>;

/** Set at run time by another plugin, which JSON cannot hold. */
export interface RuntimeHooks {
  /** Sources start only after it resolves. */
  readonly waitFor?: () => Promise<void>;
  /** Called once all sources are polling. */
  readonly onReady?: () => void;
}

/** Options that cannot be used. */
export class InvalidOptionsError extends TypeError {
  override name = 'InvalidOptionsError';
}

/** Throws an InvalidOptionsError with one line for each fault: its path, what is expected. */
export function readOptions(input: unknown): EventSourcesOptions & RuntimeHooks {
  const { waitFor, onReady, ...plain } = (input ?? {}) as RuntimeHooks & Record<string, unknown>;
  const parsed = optionsSchema.safeParse(plain);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `custom.eventSources.${path.join('.')}: ${message}`);
    throw new InvalidOptionsError(faults.join('\n'));
  }
  return { ...parsed.data, ...(waitFor && { waitFor }), ...(onReady && { onReady }) };
}
