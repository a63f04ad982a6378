import type { SchemaRegistry } from '../../model/schema-registry.ts';
import type { NamedSchema, RegisteredSchema } from './registered-schema.ts';

/** Longer than a registry needs that starts up, shorter than the session of a consumer. */
const TIMEOUT_MS = 5_000;
/** The registry's own codes for a subject, a version and a schema that it does not have. */
const NOT_FOUND_CODES = [40401, 40402, 40403];

interface SchemaResponse {
  readonly schema: string;
  readonly schemaType?: RegisteredSchema['format'];
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

/** Reads schemas from a registry with Confluent's HTTP API. */
export class SchemaRegistryClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, credentials }: Pick<SchemaRegistry, 'url' | 'credentials'>) {
    this.#url = url.replace(/\/+$/, '');
    const token = credentials && Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64');
    this.#headers = {
      accept: 'application/vnd.schemaregistry.v1+json, application/json',
      ...(token !== undefined && { authorization: `Basic ${token}` }),
    };
  }

  /** Resolves with undefined when the registry has no schema with the id. Rejects when it does not answer the question. */
  async schema(id: number, signal: AbortSignal): Promise<RegisteredSchema | undefined> {
    const found = await this.#get(`/schemas/ids/${id}`, signal);
    if (found === undefined) return undefined;
    const references = new Map<string, NamedSchema>();
    await this.#collectReferences(found, references, signal);
    return { format: found.schemaType ?? 'AVRO', text: found.schema, references: [...references.values()] };
  }

  async #collectReferences(
    { references = [] }: SchemaResponse,
    collected: Map<string, NamedSchema>,
    signal: AbortSignal,
  ): Promise<void> {
    for (const { name, subject, version } of references) {
      if (collected.has(name)) continue;
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
      const found = await this.#get(path, signal);
      if (found === undefined) {
        throw new Error(`the schema refers to ${subject} version ${version}, which the registry does not have`);
      }
      await this.#collectReferences(found, collected, signal);
      collected.set(name, { name, text: found.schema });
    }
  }

  async #get(path: string, signal: AbortSignal): Promise<SchemaResponse | undefined> {
    const response = await fetch(`${this.#url}${path}`, {
      headers: this.#headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const body = await response.text();
    const json = readJson(body) as Partial<SchemaResponse> & { readonly error_code?: number };
    if (response.ok && typeof json.schema === 'string') return json as SchemaResponse;
    if (response.status === 404 && NOT_FOUND_CODES.includes(json.error_code ?? 0)) return undefined;
    throw new Error(`${path}: ${response.status} ${body.slice(0, 200)}`, { cause: response.status });
  }
}

function readJson(body: string): object {
  try {
    return Object(JSON.parse(body)) as object;
  } catch {
    return {};
  }
}
