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
  readonly event: KafkaEvent;
  /** The body as it came. */
  readonly payload: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  endedAt: number;
}

export interface Answer {
  readonly body?: string;
  /** `Unhandled`: the function threw. */
  readonly functionError?: string;
  readonly status?: number;
  readonly delayMs?: number;
  /** The answer waits for it. */
  readonly held?: Promise<unknown>;
  /** Called when the answer goes out. */
  readonly onAnswered?: () => void;
}

/** Serves the Invoke API and keeps what comes; `answer` decides, and a plain success is the default. */
export class RecordingFunction {
  readonly invocations: Invocation[] = [];
  answer: (event: KafkaEvent, count: number) => Answer = () => ({});
  readonly #server: http.Server;
  #waiting: (() => void)[] = [];

  constructor() {
    this.#server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => void this.#invoke(request.url ?? '', Buffer.concat(chunks).toString(), response));
    });
    // A connection that is closed for having been idle, just when it is used again, counts as an outage.
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

  /** Waits until the condition holds, looking after each invocation. */
  async until(condition: () => boolean, what: string, timeoutMs = 60_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!condition()) {
      if (Date.now() > deadline) {
        throw new Error(
          `waited ${timeoutMs} ms for ${what}; ${this.invocations.length} invocations, ${this.records.length} records`,
        );
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  async #invoke(url: string, payload: string, response: http.ServerResponse): Promise<void> {
    const functionName = decodeURIComponent(/functions\/([^/]+)\//.exec(url)?.[1] ?? '');
    if (functionName === '') {
      response.end();
      return;
    }
    const event = JSON.parse(payload) as KafkaEvent;
    const invocation: Invocation = { functionName, event, payload, startedAt: Date.now(), endedAt: Number.NaN };
    this.invocations.push(invocation);
    const answer = this.answer(event, this.invocations.length);
    // Nobody waits for an answer that is still out when the test has ended.
    await answer.held;
    if (answer.delayMs !== undefined) await delay(answer.delayMs, undefined, { ref: false });
    invocation.endedAt = Date.now();
    answer.onAnswered?.();
    response.statusCode = answer.status ?? 200;
    if (answer.functionError !== undefined) response.setHeader('X-Amz-Function-Error', answer.functionError);
    response.end(answer.body ?? 'null');
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
