import { spawnSync } from 'node:child_process';
import { PythonProcess } from '../../../../localstack/event-sources/runner/python-process.ts';
import type { OfflineTask } from './offline-process.ts';
import { runOffline } from './run-offline.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;
// A machine without Python has no Python functions either.
const onPython = hasPython ? test : test.skip;

type Steps = OfflineTask['steps'];
const run = (isPatched: boolean, steps: Steps, timeoutSeconds = 60) =>
  runOffline({ isPatched, language: 'python', timeoutSeconds, steps });

onPython('serverless-offline without the patches: an exception, and None, time out', async () => {
  const { lines } = await run(
    false,
    [
      { handler: 'fail', via: 'RequestResponse' },
      { handler: 'nothing', via: 'RequestResponse' },
    ],
    2,
  );
  const timedOut = expect.objectContaining({
    Payload: expect.objectContaining({ errorMessage: '[504] - Lambda timeout.' }),
  });
  expect(lines).toEqual([timedOut, timedOut]);
});

onPython(
  '[documented] an exception of a Python function ends its invocation at once, and the process goes on',
  async () => {
    const { lines, exitCode } = await run(true, [
      { handler: 'fail', via: 'in process' },
      { handler: 'fail', via: 'RequestResponse' },
      { handler: 'nothing', via: 'in process' },
      { handler: 'echo', via: 'in process', event: { text: 'Zoë' } },
      { handler: 'not_json', via: 'in process' },
      { handler: 'missing', via: 'in process' },
      { handler: 'process_id', via: 'in process' },
      { handler: 'process_id', via: 'in process' },
    ]);
    const failed = (type: string, message: string) =>
      expect.objectContaining({
        kind: 'functionError',
        body: expect.stringMatching(`"errorMessage":"${message}.*"errorType":"${type}"`),
      });
    expect(lines.slice(0, 6)).toEqual([
      failed('ValueError', 'the reason'),
      expect.objectContaining({
        UnhandledError: true,
        Payload: expect.objectContaining({ errorMessage: 'the reason' }),
      }),
      expect.objectContaining({ kind: 'success', body: 'null' }),
      expect.objectContaining({ kind: 'success', body: '{"received":{"text":"Zoë"},"function":"echo"}' }),
      failed('Runtime.MarshalError', 'Object of type set is not JSON serializable'),
      failed('Runtime.HandlerNotFound', "Handler 'missing' missing on module"),
    ]);
    const [first, second] = lines.slice(6).map((line) => (line as { body: string }).body);
    expect(first).toMatch(/^\d+$/);
    expect(second).toBe(first);
    expect(exitCode).toBe(0);
  },
);

onPython('[known] a Python function that ends its process fails that invocation only', async () => {
  const { lines } = await run(true, [
    { handler: 'leave', via: 'in process' },
    { handler: 'leave', via: 'in process' },
    { handler: 'die', via: 'in process' },
    { handler: 'nothing', via: 'in process' },
  ]);
  const exited = (status: number) =>
    expect.objectContaining({ body: expect.stringContaining(`Runtime exited with error: exit status ${status}`) });
  expect(lines).toEqual([exited(3), exited(3), exited(4), expect.objectContaining({ kind: 'success' })]);
});

onPython(
  'a Python function that hangs is ended at its timeout, and the next invocation has a new process',
  async () => {
    const steps = (['process_id', 'hang', 'process_id'] as const).map(
      (handler) => ({ handler, via: 'in process' }) as const,
    );
    // Long enough for a Python process to start on a busy machine.
    const { lines } = await run(true, steps, 8);
    expect(lines).toEqual([
      expect.objectContaining({ kind: 'success' }),
      expect.objectContaining({ body: expect.stringContaining('[504] - Lambda timeout.') }),
      expect.objectContaining({ kind: 'success' }),
    ]);
  },
);

onPython('what a Python function prints in the embedded metric format is taken, and not printed', async () => {
  const { lines } = await run(true, [{ handler: 'print_metrics', via: 'in process' }]);
  expect(lines).toEqual([{ metricLine: '{"_aws":{},"RowsSent":3}' }, expect.objectContaining({ kind: 'success' })]);
});

onPython('Ctrl-C ends a Python function without a traceback', async () => {
  const lines: string[] = [];
  const environment = { ...process.env, PYTHONPATH: import.meta.dirname };
  const python = new PythonProcess(
    {
      executable: 'python3',
      module: 'faulty_handlers',
      functionName: 'interrupt',
      environment,
      onLine: (line) => lines.push(line),
    },
    () => {},
  );
  await expect(python.invoke({}, {})).rejects.toThrow('Runtime exited with error: signal: SIGINT');
  expect(lines).toEqual([]);
});

onPython('NaN and infinities in a result are null, and the invocation succeeds', async () => {
  const { lines } = await run(true, [{ handler: 'not_finite', via: 'in process' }]);
  expect(lines).toEqual([expect.objectContaining({ kind: 'success', body: '{"ratio":null,"ratios":[null,1.5]}' })]);
});

onPython('a metric that cannot be recorded leaves serverless-offline running', async () => {
  const { lines } = await run(true, [
    { handler: 'print_refused_metrics', via: 'in process' },
    { handler: 'nothing', via: 'in process' },
  ]);
  const succeeded = expect.objectContaining({ kind: 'success' });
  expect(lines).toEqual([succeeded, succeeded]);
});
