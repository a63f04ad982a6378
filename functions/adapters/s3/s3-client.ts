import { S3Client } from '@aws-sdk/client-s3';

/**
 * The one place where an S3 client is made. Region, credentials and, on a laptop, the endpoint come from the SDK's own
 * variables (`AWS_REGION`, `AWS_ENDPOINT_URL_S3` and so on); an endpoint that is an address is spoken to by path.
 *
 * A server that does not answer, or stops in the middle of a body, becomes an error and not silence.
 */
export function createS3Client(): S3Client {
  return new S3Client({
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: 20_000,
      throwOnRequestTimeout: true,
      socketTimeout: 20_000,
    },
    // TLS and the length of the body are checked anyway; a checksum in JavaScript would cost as much as the parser.
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 4,
  });
}
