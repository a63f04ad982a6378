import type { Resource } from '../template.ts';
import type { Serverless } from './serverless.ts';

/**
 * Sets `MaximumBatchingWindowInSeconds: 0` in the compiled mappings whose event says `maximumBatchingWindow: 0`. osls
 * leaves a window of 0 out of the template, and an unset window is 500 ms. Does not change a window that is set.
 * https://github.com/serverless/serverless/pull/8202 corrected the same fault for streams, not for msk and kafka.
 */
export function restoreZeroBatchingWindows(serverless: Serverless, resources: Record<string, Resource>): void {
  const { naming } = serverless.getProvider('aws');
  for (const key of serverless.service.getAllFunctions()) {
    const logicalId = naming.getLambdaLogicalId(key);
    for (const event of serverless.service.getFunction(key).events ?? []) {
      const source = (event['msk'] ?? event['kafka']) as { topic?: string; maximumBatchingWindow?: number } | undefined;
      if (source?.maximumBatchingWindow !== 0) continue;
      for (const resource of Object.values(resources)) {
        const properties = (resource.Properties ?? {}) as Record<string, unknown>;
        if (
          resource.Type === 'AWS::Lambda::EventSourceMapping' &&
          JSON.stringify(properties['Topics']) === JSON.stringify([source.topic]) &&
          JSON.stringify(properties['FunctionName'] ?? '').includes(`"${logicalId}"`)
        ) {
          properties['MaximumBatchingWindowInSeconds'] ??= 0;
        }
      }
    }
  }
}
