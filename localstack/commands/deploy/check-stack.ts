/** A deployment cannot begin while the stack is in this state. */
export function checkStack(stackName: string, status: string | undefined, stage: string): readonly string[] {
  if (status === undefined) return [];
  const remove = `npm run remove -- --stage ${stage}${stackName.includes('-data-') ? ' --with-data' : ''}`;
  const found = `The CloudFormation stack ${stackName} is in state ${status}:`;
  if (status === 'ROLLBACK_COMPLETE' || status === 'ROLLBACK_FAILED' || status === 'DELETE_FAILED') {
    return [
      `${found} its first deployment or its deletion failed, and it can only be deleted. Delete it with ${remove}, then deploy again.`,
    ];
  }
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    return [`${found} aws cloudformation continue-update-rollback --stack-name ${stackName}, then deploy again.`];
  }
  // Serverless deploys no stack in this state.
  if (status === 'REVIEW_IN_PROGRESS') {
    return [`${found} it was never created. Delete it with ${remove}, then deploy again.`];
  }
  return status.endsWith('_IN_PROGRESS') ? [`${found} wait until it is complete, then deploy again.`] : [];
}
