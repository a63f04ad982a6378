import { PipelineError } from '../../functions/core/errors.ts';
import { handler } from '../../functions/provision/handler.ts';
import { Provisioner, type ProvisionerDependencies } from '../../functions/provision/provisioner.ts';
import event from '../fixtures/events/cloudformation-create.json' with { type: 'json' };
import '../support/hidden-output.ts';
import { lambdaContext } from '../support/lambda-context.ts';

const context = lambdaContext('provision');

/** The handler with databases and a Kafka on which nothing is missing, except for what a test changes. */
function connectProvision(changes: Partial<ProvisionerDependencies> = {}) {
  const roles = { install: async () => [] };
  const provision = () =>
    new Provisioner({
      source: { migrate: async () => [] },
      target: { migrate: async () => [] },
      capture: { install: async () => [] },
      roles: { source: roles, target: roles },
      topics: { createTopics: async () => [] },
      readMigrations: async (folder) => [{ name: `0001_${folder}`, sql: 'select 1' }],
      partitions: 6,
      ...changes,
    }).provision();
  return handler.withDependencies(({ logger }) => ({ logger, provision, raiseTopics: async () => [] }));
}

/** What CloudFormation receives, which waits for a response to the URL in its event. */
async function responseTo(provision: ReturnType<typeof connectProvision>): Promise<unknown> {
  const put = jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response());
  await provision(event, context);
  expect(put).toHaveBeenCalledWith(event.ResponseURL, expect.objectContaining({ method: 'PUT' }));
  return JSON.parse(String(put.mock.lastCall?.[1]?.body));
}

it('responds to CloudFormation when the tables and topics are there', async () => {
  const { StackId, RequestId, LogicalResourceId } = event;
  const response = await responseTo(connectProvision());
  expect(response).toMatchObject({ Status: 'SUCCESS', StackId, RequestId, LogicalResourceId });
});

it('responds with the reason of a failure, so that CloudFormation rolls back at once instead of after an hour', async () => {
  const changed = new PipelineError('PIPE_MIGRATION_CHANGED', 'restore 0001_target.sql', { retry: 'manual' });
  const migrate = () => Promise.reject(changed);
  const response = await responseTo(connectProvision({ target: { migrate } }));
  expect(response).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('restore 0001_target.sql') });
});
