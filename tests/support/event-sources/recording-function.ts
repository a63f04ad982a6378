import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface KafkaEventRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly timestampType: string;
  readonly key?: string | null;
  readonly value?: string | null;
  readonly headers: readonly Readonly<Record<string, readonly number[]>>[];
}

export interface KafkaEvent {
  readonly eventSource: string;
  readonly eventSourceArn?: string;
  readonly bootstrapServers: string;
  readonly records: Readonly<Record<string, readonly KafkaEventRecord[]>>;
}

export interface Invocation {
  readonly functionName: string;
  /** The version or alias of the request. */
  readonly qualifier: string | null;
  readonly event: KafkaEvent;
  /** The request's body. */
  readonly payload: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** NaN while it is in flight. */
  endedAt: number;
}

export interface Response {
  readonly body?: string;
  /** `Unhandled`: the function threw. */
  readonly functionError?: string;
  readonly status?: number;
  readonly delayMs?: number;
  /** The response is sent after it resolves. */
  readonly held?: Promise<unknown>;
  /** Called when the response is sent. */
  readonly onSent?: () => void;
}

/** Serves the Invoke API and records the invocations. `respond` decides; by default each is a success. */
export class RecordingFunction {
  readonly invocations: Invocation[] = [];
  respond: (event: KafkaEvent, count: number) => Response = () => ({});
  readonly #server: http.Server;

  constructor() {
    this.#server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => void this.#invoke(request.url ?? '', Buffer.concat(chunks).toString(), response));
    });
    // An idle connection that the server closes just as it is used again would count as an outage.
    this.#server.keepAliveTimeout = 0;
  }

  async start(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get records(): KafkaEventRecord[] {
    return this.invocations.flatMap(({ event }) => Object.values(event.records).flat());
  }

  /** Values of all records in the order of their delivery. */
  get values(): string[] {
    return this.records.map(({ value }) => Buffer.from(value ?? '', 'base64').toString());
  }

  async #invoke(url: string, payload: string, response: http.ServerResponse): Promise<void> {
    const functionName = decodeURIComponent(/functions\/([^/]+)\//.exec(url)?.[1] ?? '');
    if (functionName === '') {
      response.end();
      return;
    }
    const event = JSON.parse(payload) as KafkaEvent;
    const qualifier = new URL(url, this.endpoint).searchParams.get('Qualifier');
    const times = { startedAt: Date.now(), endedAt: Number.NaN };
    const invocation: Invocation = { functionName, qualifier, event, payload, ...times };
    this.invocations.push(invocation);
    const { held, delayMs, onSent, status, functionError, body } = this.respond(event, this.invocations.length);
    await held;
    // Unreferenced, so that a response that is still delayed does not keep the test process alive.
    if (delayMs !== undefined) await delay(delayMs, undefined, { ref: false });
    invocation.endedAt = Date.now();
    onSent?.();
    response.statusCode = status ?? 200;
    if (functionError !== undefined) response.setHeader('X-Amz-Function-Error', functionError);
    response.end(body ?? 'null');
  }
}
