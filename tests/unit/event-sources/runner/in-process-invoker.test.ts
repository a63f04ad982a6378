import { EventText } from '../../../../localstack/event-sources/runner/event-text.ts';
import {
  InProcessInvoker,
  type OfflineFunction,
} from '../../../../localstack/event-sources/runner/in-process-invoker.ts';

interface Call {
  readonly event: unknown;
  readonly clientContext: unknown;
}

/** Pools instances as serverless-offline does: an idle one, or else a new one. */
class FakeOfflineLambda {
  readonly calls: Call[] = [];
  instances = 0;
  readonly #idle: OfflineFunction[] = [];
  readonly #handler: (call: Call) => Promise<unknown>;

  constructor(handler: (call: Call) => Promise<unknown>) {
    this.#handler = handler;
  }

  listFunctionNames() {
    return ['load'];
  }

  getByFunctionName(): OfflineFunction {
    return this.#idle[0] ?? this.#newInstance();
  }

  #newInstance(): OfflineFunction {
    this.instances += 1;
    let event: unknown;
    let clientContext: unknown = 'of an earlier invocation';
    const instance: OfflineFunction = {
      setEvent: (value) => {
        event = value;
      },
      setClientContext: (value) => {
        clientContext = value;
      },
      runHandler: async () => {
        this.#idle.splice(this.#idle.indexOf(instance), 1);
        const call = { event, clientContext };
        this.calls.push(call);
        return this.#handler(call).finally(() => this.#idle.push(instance));
      },
    };
    this.#idle.push(instance);
    return instance;
  }
}

function setUp(handler: (call: Call) => Promise<unknown>, handlersShareThread = false) {
  const lambda = new FakeOfflineLambda(handler);
  return { lambda, invoker: new InProcessInvoker(lambda, { handlersShareThread }) };
}

const requestId = expect.stringMatching(/^[0-9a-f-]{36}$/);
const payload = '{"records":{"orders-0":[{"headers":[{"ü":[-61]}]}]}}';

test('the thread of the function gets the text of the event, and no client context', async () => {
  const { lambda, invoker } = setUp(async () => ({ done: true }));
  expect(await invoker.invoke({ functionName: 'load', payload })).toEqual({
    kind: 'success',
    statusCode: 200,
    body: '{"done":true}',
    requestId,
  });
  expect(lambda.calls).toEqual([{ event: new EventText(payload), clientContext: undefined }]);
  // Runners that are not threads, such as Docker, serialize the event themselves.
  expect(JSON.stringify(lambda.calls[0]?.event)).toBe(payload);
});

test('a handler in this thread gets the event itself', async () => {
  const { lambda, invoker } = setUp(async () => null, true);
  await invoker.invoke({ functionName: 'load', payload });
  expect(lambda.calls[0]?.event).toEqual(JSON.parse(payload));
});

test('invocations at the same time run in instances of their own, which later ones use again', async () => {
  const { lambda, invoker } = setUp(async ({ event }) => (event as EventText).toJSON());
  const invokeBoth = () =>
    Promise.all(['1', '2'].map((text) => invoker.invoke({ functionName: 'load', payload: text })));
  expect(await invokeBoth()).toMatchObject([{ body: '1' }, { body: '2' }]);
  expect(await invokeBoth()).toMatchObject([{ body: '1' }, { body: '2' }]);
  expect(lambda.instances).toBe(2);
});

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'null'],
  ['null', null, 'null'],
  ['a text with quotes', 'say "yes"', '"say \\"yes\\""'],
  ['a number', 0, '0'],
])('a handler that returns %s answers with JSON', async (_name, result, body) => {
  expect(await setUp(async () => result).invoker.invoke({ functionName: 'load', payload: '{}' })).toMatchObject({
    body,
  });
});

test.each<[string, () => Promise<unknown>, string]>([
  ['rejects', () => Promise.reject(new Error('broken')), 'broken'],
  ['returns what JSON cannot express', async () => ({ n: 1n }), 'Do not know how to serialize a BigInt'],
])('a handler that %s is a function error, as the Invoke API reports it', async (_name, handler, errorMessage) => {
  const outcome = await setUp(handler).invoker.invoke({ functionName: 'load', payload: '{}' });
  expect(outcome).toEqual({
    kind: 'functionError',
    statusCode: 200,
    functionError: 'Unhandled',
    body: expect.any(String),
    requestId,
  });
  const body = outcome.kind === 'functionError' ? outcome.body : '';
  expect(JSON.parse(body)).toEqual({ errorMessage, errorType: 'Error', trace: expect.any(Array) });
});

test('an unknown function is not invoked', async () => {
  const { invoker, lambda } = setUp(async () => null);
  expect(await invoker.invoke({ functionName: 'other', payload: '{}' })).toEqual({
    kind: 'notInvoked',
    statusCode: 404,
    throttled: false,
    reason: 'function not found: other',
    requestId,
  });
  expect(lambda.calls).toEqual([]);
});
