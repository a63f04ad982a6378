import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { respondToCloudFormation, isCustomResourceEvent } from '../../../functions/provision/custom-resource.ts';
import { handler } from '../../../functions/provision/handler.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { lambdaContext } from '../../support/lambda-context.ts';

describe('the answer to CloudFormation', () => {
  let server: Server;
  let answers: { readonly request: IncomingMessage; readonly body: unknown }[];
  let status: number;
  let event: CloudFormationCustomResourceEvent;

  beforeEach(async () => {
    answers = [];
    status = 200;
    server = createServer(async (request, response) => {
      answers.push({ request, body: await json(request) });
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

  it('goes to the URL of the event, without a content type, as that is how the URL is signed', async () => {
    await respondToCloudFormation(event, {});
    expect(answers).toHaveLength(1);
    expect(answers[0]?.request).toMatchObject({ method: 'PUT', url: '/answer?signature=a%2Fb' });
    expect(answers[0]?.request.headers['content-type'] ?? '').toBe('');
    expect(answers[0]?.body).toEqual({
      Status: 'SUCCESS',
      PhysicalResourceId: 'employee-streams-provision',
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Provision',
    });
  });

  it('says why it failed, in a length that CloudFormation takes', async () => {
    await respondToCloudFormation(event, { error: new Error('x'.repeat(10_000)) });
    expect(answers[0]?.body).toMatchObject({ Status: 'FAILED', Reason: 'x'.repeat(1_000) });
  });

  it('fails when nobody takes it', async () => {
    status = 403;
    await expect(respondToCloudFormation(event, {})).rejects.toThrow('HTTP 403');
  });

  it('comes at once when the stack is deleted: databases and topics go by themselves', async () => {
    const output = captureOutput();
    await handler({ ...event, RequestType: 'Delete' }, lambdaContext('provision'));
    output.restore();
    expect(answers[0]?.body).toMatchObject({ Status: 'SUCCESS' });
  });

  it('comes also when the function cannot even read its settings, and is not followed by a retry', async () => {
    const output = captureOutput();
    await expect(handler(event, lambdaContext('provision'))).resolves.toBeUndefined();
    output.restore();
    expect(answers[0]?.body).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('KAFKA_BROKERS') });
  });

  it('is not given to whoever invokes the function directly: there the error is thrown', async () => {
    const output = captureOutput();
    await expect(handler({}, lambdaContext('provision'))).rejects.toMatchObject({ code: 'PIPE_CONFIG' });
    output.restore();
    expect(answers).toEqual([]);
  });

  it.each([[{}], [null], ['text'], [{ ResponseURL: 'x' }]])('is not for %j', (other) => {
    expect(isCustomResourceEvent(other)).toBe(false);
    expect(isCustomResourceEvent(event)).toBe(true);
  });
});
