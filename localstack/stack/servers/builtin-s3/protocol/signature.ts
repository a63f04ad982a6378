import { timingSafeEqual } from 'node:crypto';
import { Sha256 } from '@aws-sdk/checksums/sha';
import { getSigningKey, SignatureV4 } from '@smithy/signature-v4';
import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What the chunks of a signed body are signed with. */
export interface ChunkSigning {
  readonly key: Uint8Array;
  readonly date: string;
  readonly scope: string;
  /** The signature of the request, on which that of the first chunk builds. */
  readonly seed: string;
}

export interface VerifiedSignature {
  /** The hash of the body that the signature covers, or the name of an encoding that has its own signatures. */
  readonly payloadHash: string;
  readonly chunkSigning: ChunkSigning;
}

interface Signature {
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly date: string;
  readonly payloadHash: string;
  /** Only of a presigned URL. */
  readonly expiresInSeconds?: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_SKEW_MS = 15 * 60 * 1_000;

/** @throws {S3Error} unless the request was signed with the credentials, in its headers or as a presigned URL. */
export async function verifySignature(request: S3Request, credentials: Credentials): Promise<VerifiedSignature> {
  const claimed = request.query.has('X-Amz-Signature') ? readQuery(request) : readHeaders(request);
  const [accessKeyId, day = '', region = '', service = '', end] = claimed.credential.split('/');
  if (accessKeyId !== credentials.accessKeyId) {
    throw new S3Error('InvalidAccessKeyId', `Expected the access key ${credentials.accessKeyId}: see endpoints.json.`);
  }
  const signingDate = readDate(claimed.date);
  if (service !== 's3' || end !== 'aws4_request' || !claimed.date.startsWith(day)) {
    throw new S3Error('AccessDenied', 'Expected a credential for the service s3 of the day of the request.');
  }
  requireTime(signingDate, claimed);
  requireSignedHeaders(request, claimed.signedHeaders);
  const expected = await sign(request, claimed, { credentials, region, signingDate });
  if (!isEqual(expected, claimed.signature)) {
    throw new S3Error('SignatureDoesNotMatch', 'Expected a signature with the secret key of endpoints.json.');
  }
  const key = await getSigningKey(Sha256, credentials, day, region, service);
  const scope = `${day}/${region}/${service}/${end}`;
  return { payloadHash: claimed.payloadHash, chunkSigning: { key, date: claimed.date, scope, seed: expected } };
}

export function isEqual(expected: string, actual: string): boolean {
  return expected.length === actual.length && timingSafeEqual(Buffer.from(expected), Buffer.from(actual));
}

function readHeaders({ headers }: S3Request): Signature {
  const fields = new Map(
    (headers['authorization'] ?? '')
      .replace(/^\S+ /, '')
      .split(',')
      .map((field) => field.trim().split('=', 2) as [string, string]),
  );
  const payloadHash = headers['x-amz-content-sha256'];
  if (!headers['authorization']?.startsWith(`${ALGORITHM} `) || payloadHash === undefined) throw unsigned();
  return {
    credential: fields.get('Credential') ?? '',
    signedHeaders: fields.get('SignedHeaders')?.split(';') ?? [],
    signature: fields.get('Signature') ?? '',
    date: headers['x-amz-date'] ?? '',
    payloadHash,
  };
}

function readQuery({ query }: S3Request): Signature {
  const expires = query.get('X-Amz-Expires') ?? '';
  if (query.get('X-Amz-Algorithm') !== ALGORITHM || !/^\d{1,6}$/.test(expires)) throw unsigned();
  return {
    credential: query.get('X-Amz-Credential') ?? '',
    signedHeaders: query.get('X-Amz-SignedHeaders')?.split(';') ?? [],
    signature: query.get('X-Amz-Signature') ?? '',
    date: query.get('X-Amz-Date') ?? '',
    payloadHash: query.get('X-Amz-Content-Sha256') ?? query.get('x-amz-content-sha256') ?? 'UNSIGNED-PAYLOAD',
    expiresInSeconds: Number(expires),
  };
}

function unsigned(): S3Error {
  return new S3Error('AccessDenied', `Expected a signature ${ALGORITHM}: use the credentials of endpoints.json.`);
}

function readDate(text: string): Date {
  const date = new Date(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!Number.isNaN(date.getTime()) && text.length === 16) return date;
  throw new S3Error('AccessDenied', 'Expected X-Amz-Date like 20261231T235959Z.');
}

function requireTime(signingDate: Date, { expiresInSeconds }: Signature): void {
  const ageMs = Date.now() - signingDate.getTime();
  if (expiresInSeconds !== undefined && ageMs > expiresInSeconds * 1_000) {
    throw new S3Error('AccessDenied', 'Expected a URL that is valid, but it has expired: presign it again.');
  }
  if (ageMs < -MAX_SKEW_MS || (expiresInSeconds === undefined && ageMs > MAX_SKEW_MS)) {
    throw new S3Error('RequestTimeTooSkewed', "Expected a request of the last 15 minutes: set the client's clock.");
  }
}

/** An unsigned header could be added to a request by others. */
function requireSignedHeaders({ headers }: S3Request, signed: readonly string[]): void {
  const needed = ['host', ...Object.keys(headers).filter((name) => name.startsWith('x-amz-'))];
  const missing = needed.filter((name) => !signed.includes(name) && name !== 'x-amz-content-sha256');
  if (missing.length === 0) return;
  throw new S3Error('AccessDenied', `Expected a signature that covers the headers ${missing.join(', ')}.`);
}

async function sign(
  { method, path, query, headers }: S3Request,
  { signedHeaders, payloadHash }: Signature,
  { credentials, region, signingDate }: { credentials: Credentials; region: string; signingDate: Date },
): Promise<string> {
  const signer = new SignatureV4({ credentials, region, service: 's3', sha256: Sha256, uriEscapePath: false });
  const parameters: Record<string, string[]> = {};
  for (const name of new Set(query.keys())) {
    if (name !== 'X-Amz-Signature') parameters[name] = query.getAll(name);
  }
  const covered = Object.fromEntries(signedHeaders.map((name) => [name, headers[name] ?? '']));
  const { headers: signed } = await signer.sign(
    {
      ...{ method, protocol: 'http:', hostname: '', path, query: parameters },
      headers: { ...covered, 'x-amz-content-sha256': payloadHash },
    },
    // The signer adds these two, which the client need not have signed.
    {
      signingDate,
      signableHeaders: new Set(signedHeaders),
      unsignableHeaders: new Set(['x-amz-date', 'x-amz-content-sha256']),
    },
  );
  return signed['authorization']?.split('Signature=')[1] ?? '';
}
