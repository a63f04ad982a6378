import http from 'node:http';
import type { AddressInfo } from 'node:net';

interface Registered {
  readonly schema: string;
  readonly schemaType?: 'JSON' | 'PROTOBUF';
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

/** A schema registry with the part of Confluent's HTTP API that consumers use. */
export class SchemaRegistryServer {
  /** Each request's path, in order. */
  readonly requests: string[] = [];
  /** Requests without these credentials are denied. */
  credentials: string | undefined;
  /** Set to answer everything with this status instead. */
  status: number | undefined;
  readonly #byPath = new Map<string, Registered>();
  readonly #server = http.createServer((request, response) => {
    const { url = '', headers } = request;
    this.requests.push(url);
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
      response.end(JSON.stringify(body));
    };
    const expected = this.credentials && `Basic ${Buffer.from(this.credentials).toString('base64')}`;
    if (this.status !== undefined) return answer(this.status, { error_code: this.status, message: 'not now' });
    if (expected !== undefined && headers.authorization !== expected) {
      return answer(401, { error_code: 401, message: 'Unauthorized' });
    }
    const found = this.#byPath.get(url);
    if (found !== undefined) return answer(200, found);
    if (/^\/schemas\/ids\//.test(url)) return answer(404, { error_code: 40403, message: 'Schema not found' });
    return answer(404, { error_code: 404, message: 'HTTP 404 Not Found' });
  });

  registerId(id: number, registered: Registered): void {
    this.#byPath.set(`/schemas/ids/${id}`, registered);
  }

  registerVersion(subject: string, version: number, registered: Registered): void {
    this.#byPath.set(`/subjects/${encodeURIComponent(subject)}/versions/${version}`, registered);
  }

  /** Resolves with its URL. */
  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The bytes as Confluent's serializers write them. */
export function framed(schemaId: number, payload: Buffer | string): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(schemaId, 1);
  return Buffer.concat([prefix, Buffer.from(payload)]);
}
