/**
 * Asks an S3 server for its buckets, unsigned.
 *
 * Both answers mean that it is up: the list, from a server that checks no signature, and S3's own refusal.
 */
export async function probeS3(endpoint: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(endpoint, { signal });
  const answer = await response.text();
  if (response.ok || (response.status === 403 && answer.includes('AccessDenied'))) return;
  throw new Error(`ListBuckets was answered with ${response.status}: ${answer.slice(0, 200)}`);
}
