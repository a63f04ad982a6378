import { type IncomingHttpHeaders, request } from 'node:http';
import { Sha256 } from '@aws-sdk/checksums/sha';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { SignatureV4 } from '@smithy/signature-v4';

export const REGION = 'eu-central-1';

/** A running S3 server. It can be killed and started again at the same address, with the same objects. */
export interface ObjectServerUnderTest {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly pid: number;
  /** Sends SIGKILL and resolves when the process has exited. */
  kill(): Promise<void>;
  /** Starts the killed server. No file that it writes can be larger than `maxFileBytes`, as on a disk that is full. */
  start(limits?: { readonly maxFileBytes: number }): Promise<void>;
}

/** The server with the clients of its tests, and a bucket for each test. */
export interface Subject {
  readonly server: ObjectServerUnderTest;
  /** Retries nothing, so that each error of the server is seen. */
  readonly client: S3Client;
  readonly bucket: string;
}

export function createClient(
  { endpoint, credentials }: Pick<ObjectServerUnderTest, 'endpoint' | 'credentials'>,
  config: object = {},
): S3Client {
  return new S3Client({
    ...{ endpoint, credentials, region: REGION, forcePathStyle: true, maxAttempts: 1 },
    ...config,
  });
}

export async function readObject({ client, bucket }: Subject, key: string): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

export async function listKeys({ client, bucket }: Subject, input: object = {}): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket, ...input })) {
    for (const { Key = '' } of page.Contents ?? []) keys.push(Key);
  }
  return keys;
}

export interface RawRequest {
  readonly method: string;
  /** As it is sent: not encoded, and with its query string. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

export interface RawResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a request as it is, which no client would do. */
export function sendRaw(server: Pick<ObjectServerUnderTest, 'endpoint'>, raw: RawRequest): Promise<RawResponse> {
  const { hostname, port } = new URL(server.endpoint);
  const { method, path, headers = {}, body } = raw;
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers: { ...headers }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Signs a request and sends it. Its `x-amz-content-sha256` is that of the headers, or else `UNSIGNED-PAYLOAD`. */
export async function sendSigned(server: ObjectServerUnderTest, raw: RawRequest): Promise<RawResponse> {
  return sendRaw(server, { ...raw, headers: await signedHeaders(server, raw) });
}

export async function signedHeaders(
  server: ObjectServerUnderTest,
  { method, path, headers = {} }: RawRequest,
  signingDate = new Date(),
): Promise<Record<string, string>> {
  const { host } = new URL(server.endpoint);
  const [pathname = '', search = ''] = path.split('?');
  const signed = await createSigner(server).sign(
    {
      ...{ method, protocol: 'http:', hostname: host, path: pathname },
      query: Object.fromEntries(new URLSearchParams(search)),
      headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...headers },
    },
    { signingDate },
  );
  return signed.headers;
}

export function createSigner({ credentials }: ObjectServerUnderTest): SignatureV4 {
  return new SignatureV4({ credentials, region: REGION, service: 's3', sha256: Sha256, uriEscapePath: false });
}
