import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

/** CloudFormation waits for the answer at the URL of the event; without one a deployment hangs for an hour. */
export async function answerCloudFormation(
  event: CloudFormationCustomResourceEvent,
  outcome: { readonly error?: Error },
): Promise<void> {
  const response = await fetch(event.ResponseURL, {
    method: 'PUT',
    // The URL is signed without a content type, and with another one S3 refuses the answer.
    headers: { 'content-type': '' },
    body: JSON.stringify({
      Status: outcome.error ? 'FAILED' : 'SUCCESS',
      // CloudFormation shows at most 4 KB in all.
      Reason: outcome.error?.message.slice(0, 1_000),
      PhysicalResourceId: 'employee-streams-provision',
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
    }),
  });
  if (!response.ok) throw new Error(`CloudFormation did not take the answer: HTTP ${response.status}`);
}

export function isCustomResourceEvent(event: unknown): event is CloudFormationCustomResourceEvent {
  return typeof event === 'object' && event !== null && 'ResponseURL' in event && 'RequestType' in event;
}
