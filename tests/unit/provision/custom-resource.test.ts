import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { isCustomResourceEvent, respondToCloudFormation } from '../../../functions/provision/custom-resource.ts';
import { handler } from '../../../functions/provision/handler.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

describe('the response to CloudFormation', () => {
  let server: Server;
  let responses: { readonly request: IncomingMessage; readonly body: unknown }[];
  let status: number;
  let event: CloudFormationCustomResourceEvent;

  beforeEach(async () => {
    responses = [];
    status = 200;
    server = createServer(async (request, response) => {
      responses.push({ request, body: await json(request) });
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    event = {
      RequestType: 'Create',
      ServiceToken: 'token',
      ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer?signature=a%2Fb`,
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Provision',
      ResourceType: 'Custom::Provision',
      ResourceProperties: { ServiceToken: 'token' },
    };
  });

  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('is sent to the URL in the event, without a content type, because the URL is signed for none', async () => {
    await respondToCloudFormation(event, {});
    expect(responses).toHaveLength(1);
    expect(responses[0]?.request).toMatchObject({ method: 'PUT', url: '/answer?signature=a%2Fb' });
    expect(responses[0]?.request.headers['content-type'] ?? '').toBe('');
    expect(responses[0]?.body).toEqual({
      Status: 'SUCCESS',
      PhysicalResourceId: 'employee-streams-provision',
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Provision',
    });
  });

  it('names the same resource for every event, so that CloudFormation deletes none after an update or a rollback', async () => {
    for (const RequestType of ['Create', 'Update', 'Delete'] as const) {
      await respondToCloudFormation({ ...event, RequestType } as CloudFormationCustomResourceEvent, {});
    }
    const ids = responses.map(({ body }) => (body as { PhysicalResourceId: string }).PhysicalResourceId);
    expect(new Set(ids)).toEqual(new Set(['employee-streams-provision']));
  });

  it('contains the reason of a failure, cut to a length that CloudFormation accepts', async () => {
    await respondToCloudFormation(event, { error: new Error('x'.repeat(10_000)) });
    expect(responses[0]?.body).toMatchObject({ Status: 'FAILED', Reason: 'x'.repeat(1_000) });
  });

  it('fails when the URL does not accept it', async () => {
    status = 403;
    await expect(respondToCloudFormation(event, {})).rejects.toThrow('HTTP 403');
  });

  it('is sent at once when the stack is deleted, because what provision has made stays with the data', async () => {
    const output = captureOutput();
    await handler({ ...event, RequestType: 'Delete' }, lambdaContext('provision'));
    output.restore();
    expect(responses[0]?.body).toMatchObject({ Status: 'SUCCESS' });
  });

  it('is sent also when the configuration is unusable, and the error is not thrown, so that Lambda does not retry', async () => {
    const output = captureOutput();
    await expect(handler(event, lambdaContext('provision'))).resolves.toBeUndefined();
    output.restore();
    expect(responses[0]?.body).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('KAFKA_BROKERS') });
  });

  it('is not sent for a direct invocation, which throws the error', async () => {
    const output = captureOutput();
    await expect(handler({}, lambdaContext('provision'))).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
    output.restore();
    expect(responses).toEqual([]);
  });

  it.each([[{}], [null], ['text'], [{ ResponseURL: 'x' }]])('is not sent for the event %j', (other) => {
    expect(isCustomResourceEvent(other)).toBe(false);
    expect(isCustomResourceEvent(event)).toBe(true);
  });
});
