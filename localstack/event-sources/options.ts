import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { suggestionFor } from './suggestion.ts';

const milliseconds = z.number().min(0);
const backoff = z.strictObject({ initialMs: milliseconds, maxMs: milliseconds });
/** `localhost:3002` alone would be a URL with the scheme `localhost`. */
const endpoint = z.string().refine((text) => /^https?:\/\/[^\s/]/.test(text) && URL.canParse(text), {
  error: ({ input }) => `expected a URL such as http://127.0.0.1:3002, got ${JSON.stringify(input)}${remedyOf(input)}`,
});
const port = z
  .number({ error: ({ input }) => `expected a port from 0 to 65535, got ${JSON.stringify(input)}` })
  .int()
  .min(0)
  .max(65_535);
const broker = z.string().regex(/^[^\s/]+:\d+$/, {
  error: ({ input }) =>
    `expected host:port, got ${JSON.stringify(input)}: ${String(input).includes('://') ? 'remove what is before the host' : 'add the port, 9092 for most brokers'}`,
});

function remedyOf(url: unknown): string {
  return String(url).includes('://') ? '' : `: write http://${url}`;
}

const parameterValue = z.union([z.string(), z.number(), z.boolean(), z.array(z.union([z.string(), z.number()]))]);

/** `custom.eventSources` of serverless.yml. */
export const optionsSchema = z.strictObject({
  /** Used in place of every cluster of the template. Absent: self-managed mappings use their own servers. */
  brokers: z
    .array(broker, {
      error: ({ input }) => `expected a list such as [127.0.0.1:9092], got ${JSON.stringify(input)}: write [${input}]`,
    })
    .optional(),
  /** Further settings of the Kafka client, for instance `ssl` and `sasl`. */
  kafka: z.record(z.string(), z.unknown()).optional(),
  /** Absent: bucket notifications of the template are not emulated. */
  s3: z
    .strictObject({
      endpoint,
      region: z.string().default('us-east-1'),
      accessKeyId: z.string(),
      secretAccessKey: z.string(),
      /** `minio`: the server is configured to send notifications. Buckets of every kind of server are listed. */
      kind: z.string().optional(),
      /** What the first start does with the objects that are there already. AWS sends no events for them. */
      existingObjects: z.enum(['notify', 'ignore']).default('notify'),
      /** Shortest pause between two listings of a bucket. */
      pollIntervalMs: milliseconds.default(200),
      /** The loopback port that receives notifications, and the server's own ARN of that target. */
      notifications: z.strictObject({ port, targetArn: z.string() }).optional(),
    })
    .optional(),
  /** Used in place of the schema registry of the template, and of the secret in its `AccessConfigs`. */
  schemaRegistry: z
    .strictObject({ endpoint: endpoint.optional(), username: z.string().optional(), password: z.string().optional() })
    .optional(),
  /** URL of Lambda's Invoke API. */
  lambdaEndpoint: endpoint.default('http://127.0.0.1:3002'),
  /** Directory of cursors, queued events, and failure records for destinations without an endpoint. */
  stateDirectory: z.string().default('.localstack/event-sources'),
  /** Loopback port that serves the counters; 0 chooses a free one. Absent: not served. */
  metricsPort: port.optional(),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional(),
  region: z.string().optional(),
  /** Values of the template's parameters, in place of their defaults. */
  parameters: z.record(z.string(), parameterValue).default({}),
  /**
   * Names of functions that only AWS knows, by logical id, by import, or by attribute such as `Nested.Outputs.Name`. Also
   * replaces the name of a function of the template. Null: it is not a function.
   */
  functionNames: z.record(z.string(), z.string().min(1).nullable()).default({}),
  accountId: z
    .string()
    .regex(/^\d{12}$/)
    .optional(),
  /** Servers used in place of AWS's. Absent: messages are written to files under `stateDirectory`. */
  destinationEndpoints: z
    .strictObject({ sqs: endpoint.optional(), sns: endpoint.optional(), s3: endpoint.optional() })
    .default({}),
  /** Whether absent keys and values of records are left out of the event, or null. YAML reads `null` as no text. */
  nullFields: z
    .enum(['omit', 'null'])
    .nullable()
    .default('omit')
    .transform((choice) => choice ?? 'null'),
  /** Whether a record passes a filter of another kind than its value (text against JSON). */
  filterMismatch: z.enum(['pass', 'drop']).default('pass'),
  isolationLevel: z.enum(['read_committed', 'read_uncommitted']).default('read_committed'),
  /** Whether retry limits, age, bisect and partial batch responses need ProvisionedPollerConfig. */
  errorControlsOnDemand: z.enum(['refuse', 'allow']).default('refuse'),
  /** Filters of one mapping. AWS allows 5, and 10 on request. */
  maximumFilters: z.number().int().min(1).default(10),
  /** Delays after function errors, doubling from the first to the largest. AWS's own are not documented. */
  retryBackoff: backoff.default({ initialMs: 1_000, maxMs: 30_000 }),
  /** Delays after throttling, service errors and connection errors. */
  outageBackoff: backoff.default({ initialMs: 100, maxMs: 2_000 }),
  /** Delays before the retries of asynchronous invocations. The last one repeats. */
  asyncRetryDelaysMs: z.array(milliseconds).min(1).default([60_000, 120_000]),
  /** Maximum number of asynchronous invocations of one function at the same time. More only start more instances. */
  asyncConcurrency: z
    .number()
    .int()
    .min(1)
    .default(() => Math.max(4, 2 * availableParallelism())),
  sessionTimeoutMs: z.number().int().min(1).default(10_000),
  /** Delay of the start, as AWS needs time to create a mapping. LATEST misses the records of this time. */
  creationDelayMs: milliseconds.default(0),
  s3EventVersion: z.string().default('2.1'),
  /** Whether to end an invocation through `lambdaEndpoint` that exceeds its timeout. Turn off for debugging. */
  enforceTimeout: z.boolean().default(true),
  /** Added to that timeout, because it does not include a cold start on AWS either. */
  coldStartMs: milliseconds.default(10_000),
});

export type EventSourcesOptions = z.output<typeof optionsSchema>;
export type EventSourcesInput = z.input<typeof optionsSchema>;

/** Functions that another plugin sets at run time. */
export interface RuntimeHooks {
  /** The sources start after it has resolved. */
  readonly waitFor?: () => Promise<void>;
  /** Called once all sources are polling, or wait for a topic, a broker or a bucket and say so. */
  readonly onReady?: () => void;
}

/** Invalid options. */
export class InvalidOptionsError extends TypeError {
  override name = 'InvalidOptionsError';
}

type OptionPath = readonly PropertyKey[];

/**
 * @param titleOf names an option as the user wrote it.
 * @throws {InvalidOptionsError} with one line for each invalid option: its name and what is expected.
 */
export function readOptions(
  input: unknown,
  titleOf = (path: OptionPath) => ['custom.eventSources', ...path].join('.'),
): EventSourcesOptions & RuntimeHooks {
  const { waitFor, onReady, ...plain } = (input ?? {}) as RuntimeHooks & Record<string, unknown>;
  const parsed = optionsSchema.safeParse(plain);
  if (!parsed.success) {
    const lines = parsed.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys'
        ? issue.keys.map((key) => `${titleOf([...issue.path, key])}: is no option; ${suggestionAt(issue.path, key)}`)
        : [`${titleOf(issue.path)}: ${issue.message}`],
    );
    throw new InvalidOptionsError(lines.join('\n'));
  }
  return { ...parsed.data, ...(waitFor && { waitFor }), ...(onReady && { onReady }) };
}

function suggestionAt(path: OptionPath, key: string): string {
  let schema: unknown = optionsSchema;
  for (const name of path) schema = namesOf(schema)[name as string];
  return suggestionFor(key, Object.keys(namesOf(schema)));
}

function namesOf(schema: unknown): Record<string, unknown> {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return namesOf(schema.unwrap());
  return schema instanceof z.ZodObject ? schema.shape : {};
}
