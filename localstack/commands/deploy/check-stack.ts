/** A deployment cannot begin while the stack is in this state. */
export function checkStack(stackName: string, status: string | undefined, stage: string): readonly string[] {
  if (status === undefined) return [];
  const found = `The CloudFormation stack ${stackName} is in state ${status}:`;
  if (status === 'ROLLBACK_COMPLETE' || status === 'ROLLBACK_FAILED' || status === 'DELETE_FAILED') {
    return [
      `${found} its first deployment or its deletion failed, and it can only be deleted. Delete it with npm run remove -- --stage ${stage}${stackName.includes('-data-') ? ' --with-data' : ''}, then deploy again.`,
    ];
  }
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    return [`${found} aws cloudformation continue-update-rollback --stack-name ${stackName}, then deploy again.`];
  }
  return status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS'
    ? [`${found} wait until it is complete, then deploy again.`]
    : [];
}
