import { S3Client } from '@aws-sdk/client-s3';

/**
 * How long a connection may be idle. Smaller: a reader that waits for Kafka is mistaken for an unreachable bucket. Larger:
 * less time of the invocation is left for retries.
 */
const STALL_MS = 20_000;

/**
 * Creates the S3 client; the only place that does. The SDK reads region, credentials and, on a laptop, the endpoint from
 * its own environment variables (`AWS_REGION`, `AWS_ENDPOINT_URL_S3`).
 *
 * A server that does not respond, or stops in the middle of a body, causes an error.
 */
export function createS3Client(options: { readonly stallMs?: number } = {}): S3Client {
  const stallMs = options.stallMs ?? STALL_MS;
  const client = new S3Client({
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: stallMs,
      throwOnRequestTimeout: true,
      socketTimeout: stallMs,
    },
    // TLS and the body's length are checked anyway, and a checksum in JavaScript takes as long as the CSV parser.
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 4,
  });
  retrySkewed(client);
  return client;
}

/**
 * S3 refuses a request whose time differs too much from its own. The SDK then corrects its clock offset, but retries
 * only when the corrected offset is still large. After the machine's clock was set right it is small, so the SDK would
 * give up: retry.
 */
function retrySkewed(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        if (error instanceof Error && error.name === 'RequestTimeTooSkewed') Object.assign(error, { $retryable: {} });
        throw error;
      }
    },
    // Outside the SDK's deserializer, which throws the error.
    { step: 'deserialize', priority: 'high' },
  );
}
