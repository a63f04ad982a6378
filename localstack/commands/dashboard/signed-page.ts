import { Sha256 } from '@aws-sdk/checksums/sha';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AnswerPage, PageRequest } from '../../stack/service/page-server.ts';

export interface SignedPageOptions {
  /** Of the HTTP API. */
  readonly url: string;
  readonly region: string;
  readonly credentials: ConstructorParameters<typeof SignatureV4>[0]['credentials'];
  /** Default: that of Node. */
  readonly fetch?: typeof fetch;
}

/** Headers of the browser that the function needs; the others are about the connection to this machine. */
const PASSED_ON = ['accept-encoding', 'content-type', 'if-none-match', 'hx-request'];

/** Headers of the answer about its transfer, which `fetch` has already undone. */
const OF_TRANSFER = ['connection', 'content-encoding', 'content-length', 'keep-alive', 'transfer-encoding'];

const TIMEOUT_MS = 15_000;

/** Answers with the page of a deployed stage: signs each request with the operator's credentials. */
export function signedPage({ url, region, credentials, fetch: send = fetch }: SignedPageOptions): AnswerPage {
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256: Sha256, uriEscapePath: true });
  return async (request) => {
    const address = addressOf(request.target, url);
    const signed = await signer.sign(toHttpRequest(request, address));
    const response = await send(address, {
      method: request.method,
      headers: signed.headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(request.body.length > 0 && { body: new Uint8Array(request.body) }),
    });
    if (isRefusedByApi(response)) throw await refusal(response);
    return {
      status: response.status,
      headers: Object.fromEntries([...response.headers].filter(([name]) => !OF_TRANSFER.includes(name))),
      body: new Uint8Array(await response.arrayBuffer()),
    };
  };
}

/** The function itself never answers with JSON. */
function isRefusedByApi({ status, headers }: Response): boolean {
  return status === 403 && headers.get('content-type')?.includes('json') === true;
}

async function refusal(response: Response): Promise<Error> {
  const { message = '' } = (await response.json()) as { message?: string };
  return new Error(
    `expected AWS to accept the signed request, got "${message}": these credentials need execute-api:Invoke on the API of the page`,
  );
}

/** Always on the host of the API, whatever the target looks like. */
function addressOf(target: string, api: string): URL {
  const [pathname = '/', ...query] = target.split('?');
  const address = new URL(api);
  address.pathname = pathname;
  // Encoded as in the signature, which has %20 where a form of the browser has a plus sign.
  const parameters = [...new URLSearchParams(query.join('?'))];
  address.search = parameters.map((pair) => pair.map(encode).join('=')).join('&');
  return address;
}

/** `encodeURIComponent` leaves these characters as they are, the signature does not. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function toHttpRequest({ method, headers, body }: PageRequest, url: URL) {
  const { pathname, searchParams } = url;
  const passedOn = PASSED_ON.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
  const isAction = method !== 'GET' && method !== 'HEAD';
  return {
    ...{ method, protocol: url.protocol, hostname: url.hostname, path: pathname },
    query: Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)])),
    headers: {
      ...Object.fromEntries(passedOn),
      host: url.host,
      // The page server has checked where the action comes from. For the function it comes from its own address.
      ...(isAction && { origin: url.origin, 'sec-fetch-site': 'same-origin' }),
    },
    body: body.length > 0 ? new Uint8Array(body) : undefined,
  };
}
