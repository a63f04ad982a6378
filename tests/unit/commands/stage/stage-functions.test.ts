import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StageFunctions } from '../../../../localstack/commands/stage/stage-functions.ts';

/** What the API of Lambda answers, by the name of the function and the kind of invocation. */
type Answer = readonly [status: number, body: object, headers?: Record<string, string>];
let answers: Record<string, Answer> = {};
const requests: string[] = [];

const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const [, name = ''] = /functions\/([^/]+)\/invocations/.exec(decodeURIComponent(request.url ?? '')) ?? [];
  const asked = `${name} ${String(request.headers['x-amz-invocation-type'])}`;
  requests.push(asked);
  request.resume().on('end', () => {
    const [status, body, headers = {}] = answers[asked] ?? missing(name);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  });
});

const missing = (name: string): Answer =>
  [
    ...[404, { Message: `Function not found: ${name}` }, { 'x-amzn-errortype': 'ResourceNotFoundException' }],
  ] as unknown as Answer;

const NAME = 'employee-streams-prod-redrive';
const kept = { ...process.env };

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's', AWS_REGION: 'eu-west-1', AWS_MAX_ATTEMPTS: '1' },
    ...{ AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' },
  });
});
afterAll(() => {
  server.close();
  process.env = kept;
});
beforeEach(() => {
  answers = {};
  requests.length = 0;
});

const invoke = () => new StageFunctions('prod', undefined).invoke('redrive', { action: 'show' });
const failure = (headers: Record<string, string>, status: number, body: object = { Message: 'no' }) => {
  answers[`${NAME} RequestResponse`] = [status, body, headers];
  return invoke();
};

describe('the functions of a stage', () => {
  it('are invoked by their name in the stage, and answer', async () => {
    answers[`${NAME} RequestResponse`] = [200, { redrive: null }];
    expect(await invoke()).toEqual({ redrive: null });
    answers[`${NAME} Event`] = [202, {}];
    await new StageFunctions('prod', undefined).invokeAsync('redrive', {});
    expect(requests).toEqual([`${NAME} RequestResponse`, `${NAME} Event`]);
  });

  it('are told from a stage that does not exist', async () => {
    await expect(invoke()).rejects.toThrow(
      'There is no stage prod in region eu-west-1: check --stage and --region, or deploy it with npm run deploy -- --stage prod',
    );
    answers['employee-streams-prod-provision DryRun'] = [204, {}];
    await expect(invoke()).rejects.toThrow(
      `Stage prod in region eu-west-1 has no function ${NAME}: deploy this version`,
    );
  });

  it('say why they failed, and when their time was over', async () => {
    const failed = { 'x-amz-function-error': 'Unhandled' };
    await expect(failure(failed, 200, { errorMessage: 'expected a topic' })).rejects.toThrow(
      `Function ${NAME} failed: expected a topic`,
    );
    const timedOut = {
      errorType: 'Sandbox.Timedout',
      errorMessage: 'RequestId: 1 Error: Task timed out after 900.00 seconds',
    };
    await expect(failure(failed, 200, timedOut)).rejects.toThrow(`Function ${NAME} did not finish in its time`);
  });

  it.each([
    [
      429,
      'TooManyRequestsException',
      `AWS throttles function ${NAME} (ReservedFunctionConcurrentInvocationLimitExceeded)`,
    ],
    [403, 'AccessDeniedException', `may not use function ${NAME}: they need lambda:InvokeFunction`],
    [403, 'ExpiredTokenException', 'Your AWS credentials have expired: sign in again'],
    [403, 'UnrecognizedClientException', 'AWS does not accept your credentials (UnrecognizedClientException)'],
    [500, 'ServiceException', `Function ${NAME} was not invoked: no`],
  ])('are refused with status %d, %s: the message says what to do', async (status, type, message) => {
    const body = { message: 'no', Message: 'no', Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' };
    await expect(failure({ 'x-amzn-errortype': type }, status, body)).rejects.toThrow(message);
  });
});

describe('without', () => {
  const without = async (names: readonly string[], env: Record<string, string> = {}) => {
    const before = { ...process.env };
    for (const name of names) delete process.env[name];
    Object.assign(process.env, env);
    try {
      await invoke();
      throw new Error('expected a refusal');
    } finally {
      for (const name of Object.keys(env)) delete process.env[name];
      Object.assign(process.env, before);
    }
  };

  it('credentials, the message says how to sign in', async () => {
    await expect(
      without(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'], { AWS_EC2_METADATA_DISABLED: 'true' }),
    ).rejects.toThrow('No AWS credentials for stage prod were found: sign in with "aws sso login"');
  });

  it('a region, the message says how to name it', async () => {
    await expect(without(['AWS_REGION'])).rejects.toThrow(
      'No AWS region for stage prod was found: name it with --region',
    );
  });

  it('a server at the address, the message names the region', async () => {
    await expect(without([], { AWS_ENDPOINT_URL_LAMBDA: 'http://127.0.0.1:9' })).rejects.toThrow(
      'AWS in region eu-west-1 cannot be reached (ECONNREFUSED)',
    );
  });
});
