/**
 * Sends an unsigned ListBuckets request to an S3 server.
 *
 * The server is ready when it answers with the list or with `AccessDenied`, which depends on whether it checks signatures.
 */
export async function probeS3(endpoint: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(endpoint, { signal });
  const body = await response.text();
  if (response.ok || (response.status === 403 && body.includes('AccessDenied'))) return;
  throw new Error(`ListBuckets failed with status ${response.status}: ${body.slice(0, 200)}`);
}
