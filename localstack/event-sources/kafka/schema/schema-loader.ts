import type { KafkaMessage } from 'kafkajs';
import type { Clock } from '../../clock.ts';
import { type Logger, reasonOf } from '../../logger.ts';
import type { MappingMetrics } from '../../metrics/mapping-metrics.ts';
import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import type { SchemaRegistry } from '../../model/schema-registry.ts';
import type { Standstills } from '../../standstill/standstills.ts';
import { createAvroDecoder } from './avro-decoder.ts';
import { createJsonDecoder } from './json-decoder.ts';
import { type LoadedSchema, RecordValidator, type ValidatedMessage } from './record-validator.ts';
import { type RegisteredSchema, UnusableSchemaError } from './registered-schema.ts';
import { SchemaRegistryClient } from './schema-registry-client.ts';

export interface SchemaLoaderDependencies {
  readonly mapping: KafkaMapping;
  readonly metrics: Pick<MappingMetrics, 'SchemaRegistryErrorCount'>;
  readonly clock: Pick<Clock, 'wait'>;
  readonly standstills: Pick<Standstills, 'report' | 'clear'>;
  readonly log: Pick<Logger, 'warn'>;
  readonly options: { readonly outageBackoff: { readonly maxMs: number } };
}

/** Loads the schemas that fetched messages need, each once, and validates the messages with them. */
export class SchemaLoader {
  readonly #registry: SchemaRegistry;
  readonly #client: SchemaRegistryClient;
  readonly #dependencies: SchemaLoaderDependencies;
  readonly #loaded = new Map<number, LoadedSchema>();
  readonly #validator: RecordValidator;
  #lastReason = '';

  constructor(registry: SchemaRegistry, dependencies: SchemaLoaderDependencies) {
    this.#registry = registry;
    this.#client = new SchemaRegistryClient(registry);
    this.#dependencies = dependencies;
    this.#validator = new RecordValidator(registry, this.#loaded);
  }

  /**
   * Undefined when all schemas of the messages are loaded. Otherwise resolves once the registry has answered for each of
   * them, also that it does not have it, or when the signal aborts. Waits as long as the registry is away, because a
   * record must not be discarded for that.
   */
  load(messages: readonly KafkaMessage[], signal: AbortSignal): Promise<void> | undefined {
    // A schema that the registry did not have may be registered by now, so it is asked again.
    const missing = [...this.#validator.schemaIds(messages)].filter((id) => !this.#loaded.has(id));
    return missing.length === 0 ? undefined : this.#loadAll(missing, signal);
  }

  validate(message: KafkaMessage): ValidatedMessage {
    return this.#validator.validate(message);
  }

  async #loadAll(ids: readonly number[], signal: AbortSignal): Promise<void> {
    const { clock, standstills, options } = this.#dependencies;
    while (!signal.aborted) {
      try {
        await Promise.all(ids.map((id) => this.#loadOne(id, signal)));
        this.#lastReason = '';
        standstills.clear(this.#title);
        return;
      } catch (error) {
        if (signal.aborted) return;
        this.#report(error);
        await clock.wait(options.outageBackoff.maxMs, signal).catch(() => {});
      }
    }
  }

  async #loadOne(id: number, signal: AbortSignal): Promise<void> {
    if (this.#loaded.has(id)) return;
    const schema = await this.#client.schema(id, signal);
    if (schema === undefined) return;
    try {
      this.#loaded.set(id, await loadSchema(schema));
    } catch (error) {
      throw new UnusableSchemaError(`schema ${id}: ${reasonOf(error)}`);
    }
  }

  #report(error: unknown): void {
    const { mapping, metrics, standstills, log } = this.#dependencies;
    metrics.SchemaRegistryErrorCount += 1;
    const reason = explainRegistryError(error, this.#registry.url);
    standstills.report(this.#title, reason);
    if (reason === this.#lastReason) return;
    this.#lastReason = reason;
    log.warn('records wait for their schema; retrying until it is there', { mapping: mapping.id, reason });
  }

  get #title(): string {
    return `the schema registry of event source ${this.#dependencies.mapping.id}`;
  }
}

async function loadSchema(schema: RegisteredSchema): Promise<LoadedSchema> {
  switch (schema.format) {
    case 'AVRO':
      return { format: 'AVRO', decode: await createAvroDecoder(schema) };
    case 'JSON':
      return { format: 'JSON', decode: await createJsonDecoder(schema) };
    default:
      throw new UnusableSchemaError(
        `${schema.format} is not emulated, only AVRO and JSON are: remove SchemaRegistryConfig for local runs (AWS: accepts it)`,
      );
  }
}

function explainRegistryError(error: unknown, url: string): string {
  const reason = reasonOf(error);
  if (error instanceof UnusableSchemaError) return reason;
  const status = (error as { readonly cause?: unknown } | null)?.cause;
  if (status === 401 || status === 403) {
    const advice = 'correct custom.eventSources.schemaRegistry (AWS: access denied by the schema registry)';
    return `the schema registry ${url} rejects the credentials: ${advice}: ${reason}`;
  }
  if (typeof status === 'number' && status < 500) {
    return `${url} does not answer as a schema registry: correct SchemaRegistryURI, or custom.eventSources.schemaRegistry: ${reason}`;
  }
  return `the schema registry ${url} does not answer: start it, or set custom.eventSources.schemaRegistry.endpoint: ${reason}`;
}
