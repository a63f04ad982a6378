import { readSettings } from '../../../../localstack/stack/service/settings.ts';
import { checkFunctionNames, runStartInvocations } from '../../../../localstack/stack/service/start-invocations.ts';
import { exampleService } from './example-service.ts';

const service = exampleService({});
const readInvocations = (...afterEventSources: object[]) => readSettings({ afterEventSources }).afterEventSources;

/** An invoker whose invocations stay in flight until the test settles them. */
function controlledInvoker() {
  const invocations: { name: string; event: unknown; settle: PromiseWithResolvers<unknown> }[] = [];
  const invoke = (name: string, event: unknown) => {
    const settle = Promise.withResolvers<unknown>();
    invocations.push({ name, event, settle });
    return settle.promise;
  };
  return { invocations, invoke };
}

function start(invocations: ReturnType<typeof readInvocations>, ending = new AbortController()) {
  const invoker = controlledInvoker();
  const notices: string[] = [];
  const options = { invoker, signal: ending.signal, onNotice: (line: string) => notices.push(line) };
  return { ...invoker, notices, done: runStartInvocations(service, invocations, options) };
}

test('an awaited function finishes before the next one is invoked', async () => {
  const { invocations, done } = start(
    readInvocations({ function: 'work' }, { function: 'work', event: { second: true } }),
  );
  expect(invocations).toMatchObject([{ name: 'example-local-work', event: {} }]);
  invocations[0]?.settle.resolve(undefined);
  await new Promise(setImmediate);
  expect(invocations).toMatchObject([{ event: {} }, { event: { second: true } }]);
  invocations[1]?.settle.resolve(undefined);
  await done;
});

test('a function with a concurrency is invoked that many times at once', async () => {
  const { invocations, done } = start(readInvocations({ function: 'work', concurrency: 3 }));
  expect(invocations).toHaveLength(3);
  for (const { settle } of invocations) settle.resolve(undefined);
  await done;
});

test('the start fails when an awaited function fails', async () => {
  const { invocations, done } = start(readInvocations({ function: 'work' }));
  invocations[0]?.settle.reject(new Error('migration 0003 is broken'));
  await expect(done).rejects.toThrow('migration 0003 is broken');
});

test('a function that is not awaited may run on, and its failure is only a notice', async () => {
  const { invocations, notices, done } = start(readInvocations({ function: 'work', wait: false }));
  await done;
  invocations[0]?.settle.reject(new Error('work failed'));
  await new Promise(setImmediate);
  expect(notices).toEqual(['work failed']);
});

test('a function that fails because the stack stops is not reported', async () => {
  const ending = new AbortController();
  const { invocations, notices, done } = start(readInvocations({ function: 'work', wait: false }), ending);
  await done;
  ending.abort();
  invocations[0]?.settle.reject(new Error('aborted'));
  await new Promise(setImmediate);
  expect(notices).toEqual([]);
});

test('refuses an invocation of a function that the service does not define', () => {
  expect(() => checkFunctionNames(service, readInvocations({ function: 'provision' }))).toThrow(
    'custom.localStack: expected one of the functions work, but found "provision".',
  );
});
