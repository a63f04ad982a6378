import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface PageRequest {
  readonly method: string;
  /** With the query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface PageResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Has the function `dashboard` answer a request. `host` is the address at which the page is served, with the port. */
export type AnswerPage = (request: PageRequest, host: string) => Promise<PageResponse>;

const MAX_TARGET_LENGTH = 4_096;
const MAX_BODY_BYTES = 16 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
/** A page loads five. */
const MAX_FILES = 50;

/** What one open page asks for: itself, its parts and its files. */
const IN_TURN = /^\/(parts|assets\/[^?]*)?(\?|$)/;

/** The home page and its polls get the answer of an equal request that is not older, so that many viewers cost as much as two. */
const SHARED = /^\/(parts)?(\?|$)/;
const SHARED_MS = 1_000;

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/** An answer without a page, for a request that the function does not get or could not answer. */
class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Serves the operators' page on the loopback address, for browsers, which cannot invoke a function or sign a request.
 *
 * Any page in the user's browser can send requests here. So it only passes on what has the own address in its Host header,
 * which a name that another page resolves to 127.0.0.1 has not, and actions only when they were chosen on the page itself.
 */
export class PageServer {
  readonly #server: Server;
  readonly #answer: AnswerPage;
  readonly #onError: (message: string) => void;
  readonly #nowMs: () => number;
  #port = 0;
  #lastRead: Promise<unknown> = Promise.resolve();
  /** Files whose address changes with their content, by address and accepted encoding. */
  readonly #files = new Map<string, PageResponse>();
  /** By the request, and by what the viewer has already. */
  readonly #shared = new Map<string, { readonly askedAtMs: number; readonly response: Promise<PageResponse> }>();

  /** @param nowMs a monotonic clock. */
  constructor(answer: AnswerPage, onError: (message: string) => void, nowMs = () => performance.now()) {
    this.#answer = answer;
    this.#onError = onError;
    this.#nowMs = nowMs;
    this.#server = createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
      void this.#serve(request, response);
    });
    this.#server.on('clientError', (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    });
  }

  /** @param port 0 for any free one. @returns the address. */
  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host: '127.0.0.1' }, resolve);
    });
    this.#port = (this.#server.address() as { port: number }).port;
    return `http://${this.#host}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get #host(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    try {
      this.#check(incoming);
      const request = await readPageRequest(incoming);
      const { status, headers, body } = await this.#answerOnce(request);
      outgoing.writeHead(status, headers);
      outgoing.end(request.method === 'HEAD' ? undefined : body);
    } catch (error) {
      const { status, message } = error instanceof Refusal ? error : this.#unanswered(error);
      outgoing.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
      outgoing.end(`${message}\n`);
    }
  }

  /** Asks for a file that never changes only once. */
  async #answerOnce(request: PageRequest): Promise<PageResponse> {
    const key = `${request.method} ${request.target} ${request.headers['accept-encoding']}`;
    const known = this.#files.get(key);
    if (known !== undefined) return known;
    const response = await (SHARED.test(request.target) && isRead(request)
      ? this.#answerShared(key, request)
      : this.#answerInTurn(request));
    const isImmutable = response.headers['cache-control']?.includes('immutable') === true;
    if (isImmutable && this.#files.size < MAX_FILES) this.#files.set(key, response);
    return response;
  }

  async #answerShared(path: string, request: PageRequest): Promise<PageResponse> {
    const nowMs = this.#nowMs();
    for (const [key, { askedAtMs }] of this.#shared) if (nowMs - askedAtMs >= SHARED_MS) this.#shared.delete(key);
    const key = `${path} ${request.headers['if-none-match']}`;
    const known = this.#shared.get(key);
    if (known !== undefined) return known.response;
    const response = this.#answerInTurn(request);
    this.#shared.set(key, { askedAtMs: nowMs, response });
    const isAnswered = await response.then(
      ({ status }) => status < 400,
      () => false,
    );
    if (!isAnswered) this.#shared.delete(key);
    return response;
  }

  /**
   * The home page, its polls and its files one after the other, so that one instance of the function serves them all: with
   * its one snapshot of the state, and without the start of another instance. Other pages and actions may take longer, so
   * they neither wait nor are waited for.
   */
  #answerInTurn(request: PageRequest): Promise<PageResponse> {
    if (!isRead(request) || !IN_TURN.test(request.target)) return this.#answer(request, this.#host);
    const answer = this.#lastRead.then(() => this.#answer(request, this.#host));
    this.#lastRead = answer.catch(() => {});
    return answer;
  }

  #unanswered(error: unknown): Refusal {
    this.#onError(`The page could not be answered: ${(error as Error).message}`);
    return new Refusal(502, 'The function that makes this page does not answer. Try again in some seconds.');
  }

  #check({ method, url = '', headers }: IncomingMessage): void {
    // After two slashes comes the name of a host.
    if (!/^\/(?![/\\])/.test(url)) throw new Refusal(400, 'Expected an address that begins with a single slash.');
    if (url.length > MAX_TARGET_LENGTH) {
      throw new Refusal(414, `Expected an address of at most ${MAX_TARGET_LENGTH} characters.`);
    }
    if (!LOOPBACK_NAMES.some((name) => `${name}:${this.#port}` === headers.host?.toLowerCase())) {
      throw new Refusal(403, `Expected a request to http://${this.#host}, found another name in its Host header.`);
    }
    if (method !== 'GET' && method !== 'HEAD' && headers['sec-fetch-site'] !== 'same-origin') {
      throw new Refusal(403, 'Expected an action that was chosen on this page.');
    }
  }
}

function isRead({ method }: PageRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

async function readPageRequest(incoming: IncomingMessage): Promise<PageRequest> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // The rest is read all the same: a browser that still sends would not see the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new Refusal(413, `Expected a form of at most ${MAX_BODY_BYTES} bytes.`);
  const headers = Object.entries(incoming.headers).flatMap(([name, value]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  return {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks),
  };
}
