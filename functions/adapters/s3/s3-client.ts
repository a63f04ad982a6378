import { S3Client } from '@aws-sdk/client-s3';

/** Shorter takes a reader that waits for the broker for a bucket that is away; longer leaves less time to try again. */
const STALL_MS = 20_000;

/**
 * The one place where an S3 client is made. Region, credentials and, on a laptop, the endpoint come from the SDK's own
 * variables (`AWS_REGION`, `AWS_ENDPOINT_URL_S3` and so on); an endpoint that is an address is spoken to by path.
 *
 * A server that does not answer, or stops in the middle of a body, becomes an error and not silence.
 */
export function createS3Client(options: { readonly stallMs?: number } = {}): S3Client {
  const stallMs = options.stallMs ?? STALL_MS;
  return new S3Client({
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: stallMs,
      throwOnRequestTimeout: true,
      socketTimeout: stallMs,
    },
    // TLS and the length of the body are checked anyway; a checksum in JavaScript would cost as much as the parser.
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 4,
  });
}
