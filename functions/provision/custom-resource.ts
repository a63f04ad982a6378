import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { failureReason } from '../core/condition.ts';

/**
 * Sends the response that CloudFormation waits for to the URL in the event. Without it a deployment hangs for an hour.
 *
 * @throws when the URL does not accept the response.
 */
export async function respondToCloudFormation(
  event: CloudFormationCustomResourceEvent,
  outcome: { readonly error?: Error },
): Promise<void> {
  const response = await fetch(event.ResponseURL, {
    method: 'PUT',
    // The URL is signed for an empty content type; S3 refuses a request with another one.
    headers: { 'content-type': '' },
    body: JSON.stringify({
      Status: outcome.error ? 'FAILED' : 'SUCCESS',
      // CloudFormation accepts at most 4 KB in all.
      Reason: outcome.error && failureReason(outcome.error).slice(0, 1_000),
      PhysicalResourceId: 'employee-streams-provision',
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
    }),
  });
  if (!response.ok) throw new Error(`expected CloudFormation to accept the response, got HTTP ${response.status}`);
}

export function isCustomResourceEvent(event: unknown): event is CloudFormationCustomResourceEvent {
  return typeof event === 'object' && event !== null && 'ResponseURL' in event && 'RequestType' in event;
}
