import { randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import type { InvocationOutcome, InvocationRequest, Invoker } from '../model/invocation.ts';

export interface LambdaClientOptions {
  /** For instance http://127.0.0.1:3002. */
  readonly endpoint: string;
  /** Whether to end invocations whose runtime does not enforce the function's timeout. Off for debugging. Default true. */
  readonly enforceTimeout?: boolean;
  /** Added to the function's timeout, because the timeout does not include a cold start. Default 10 s, Lambda's limit. */
  readonly coldStartMs?: number;
}

const DEFAULT_COLD_START_MS = 10_000;
const REACHABILITY_POLL_MS = 100;
const UNREACHABLE_REPORT_MS = 10_000;
/** The response of `sam local start-lambda` to a qualifier. It has one version of each function. */
const NO_QUALIFIERS = 'Query Parameters are not supported';

/** Invokes functions through Lambda's Invoke API, over connections that are kept alive. */
export class LambdaClient implements Invoker {
  readonly #endpoint: URL;
  readonly #agent: http.Agent;
  readonly #request: typeof http.request;
  readonly #enforceTimeout: boolean;
  readonly #coldStartMs: number;
  #serverHasQualifiers = true;

  constructor(options: LambdaClientOptions) {
    this.#endpoint = new URL(options.endpoint);
    const secure = this.#endpoint.protocol === 'https:';
    this.#request = secure ? (https.request as typeof http.request) : http.request;
    const agentOptions = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
    this.#agent = secure ? new https.Agent(agentOptions) : new http.Agent(agentOptions);
    this.#enforceTimeout = options.enforceTimeout ?? true;
    this.#coldStartMs = options.coldStartMs ?? DEFAULT_COLD_START_MS;
  }

  async invoke(request: InvocationRequest): Promise<InvocationOutcome> {
    const hasQualifier = request.qualifier !== undefined && this.#serverHasQualifiers;
    const outcome = await this.#send(
      request,
      hasQualifier ? `?Qualifier=${encodeURIComponent(request.qualifier)}` : '',
    );
    if (!hasQualifier || outcome.kind !== 'notInvoked' || !outcome.reason.includes(NO_QUALIFIERS)) return outcome;
    this.#serverHasQualifiers = false;
    return this.#send(request, '');
  }

  #send(request: InvocationRequest, query: string): Promise<InvocationOutcome> {
    const { payload } = request;
    const bytes = request.payloadBytes ?? Buffer.byteLength(payload);
    const timeoutMs =
      this.#enforceTimeout && request.timeoutSeconds !== undefined
        ? request.timeoutSeconds * 1_000 + this.#coldStartMs
        : undefined;
    return new Promise((resolve) => {
      const ownRequestId = randomUUID();
      let timer: NodeJS.Timeout | undefined;
      let timedOut = false;
      const call = this.#request(
        {
          agent: this.#agent,
          host: this.#endpoint.hostname,
          port: this.#endpoint.port,
          method: 'POST',
          path: `${this.#endpoint.pathname.replace(/\/$/, '')}/2015-03-31/functions/${encodeURIComponent(request.functionName)}/invocations${query}`,
          headers: {
            'content-type': 'application/json',
            'content-length': bytes,
            'x-amz-invocation-type': 'RequestResponse',
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', (error) => settle(notInvoked(`the response broke off: ${error.message}`, ownRequestId)));
          response.on('end', () => settle(readOutcome(response, Buffer.concat(chunks).toString(), ownRequestId)));
        },
      );
      const settle = (outcome: InvocationOutcome) => {
        clearTimeout(timer);
        resolve(outcome);
      };
      call.on('error', (error) =>
        settle(
          timedOut
            ? timeoutOutcome(request.timeoutSeconds ?? 0, ownRequestId)
            : notInvoked(`${this.#endpoint.origin} did not respond: ${error.message}`, ownRequestId),
        ),
      );
      if (timeoutMs !== undefined) {
        timer = setTimeout(() => {
          timedOut = true;
          call.destroy(new Error('timeout'));
        }, timeoutMs);
      }
      // Equal lengths mean that all characters are ASCII, which latin1 writes without encoding them again.
      call.end(payload, bytes === payload.length ? 'latin1' : 'utf8');
    });
  }

  /**
   * Resolves when the endpoint accepts connections, or when the signal aborts. `onUnreachable` is called at once, and again
   * while it does not.
   */
  async waitUntilReachable(options: {
    readonly signal: AbortSignal;
    readonly onUnreachable: () => void;
    readonly reportEveryMs?: number;
  }): Promise<void> {
    const { signal, onUnreachable, reportEveryMs = UNREACHABLE_REPORT_MS } = options;
    let reportedAtMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted && !(await this.#acceptsConnections())) {
      if (performance.now() - reportedAtMs >= reportEveryMs) {
        reportedAtMs = performance.now();
        onUnreachable();
      }
      await new Promise((resolve) => setTimeout(resolve, REACHABILITY_POLL_MS));
    }
  }

  /** Sends no request, because a server that records its invocations would record it. */
  #acceptsConnections(): Promise<boolean> {
    const { hostname, port, protocol } = this.#endpoint;
    const socket = net.connect(Number(port) || (protocol === 'https:' ? 443 : 80), hostname.replace(/^\[|\]$/g, ''));
    return new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    }).finally(() => socket.destroy());
  }

  close(): void {
    this.#agent.destroy();
  }
}

function readOutcome(response: http.IncomingMessage, body: string, ownRequestId: string): InvocationOutcome {
  const statusCode = response.statusCode ?? 0;
  const requestId = first(response.headers['x-amzn-requestid']) ?? ownRequestId;
  if (statusCode >= 300) {
    return {
      kind: 'notInvoked',
      statusCode,
      throttled: statusCode === 429,
      reason: `the Invoke API responded ${statusCode}: ${body.slice(0, 200)}`,
      requestId,
    };
  }
  const functionError = first(response.headers['x-amz-function-error']);
  if (functionError !== undefined) return { kind: 'functionError', statusCode, functionError, body, requestId };
  return { kind: 'success', statusCode, body, requestId };
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

function notInvoked(reason: string, requestId: string): InvocationOutcome {
  return { kind: 'notInvoked', throttled: false, reason, requestId };
}

function timeoutOutcome(seconds: number, requestId: string): InvocationOutcome {
  const errorMessage = `Task timed out after ${seconds.toFixed(2)} seconds`;
  return {
    kind: 'functionError',
    statusCode: 200,
    functionError: 'Unhandled',
    body: JSON.stringify({ errorMessage, errorType: 'Sandbox.Timedout' }),
    requestId,
  };
}
