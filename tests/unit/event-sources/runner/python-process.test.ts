import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PythonProcess } from '../../../../localstack/event-sources/runner/python-process.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'python-process-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** A process whose interpreter is a shell script that runs `answer` for each invocation. `$5` is the marker. */
async function startProcess(answer: string): Promise<PythonProcess> {
  const executable = join(directory, 'interpreter');
  await writeFile(executable, `#!/bin/sh\nwhile read -r invocation; do\n${answer}\ndone\n`);
  await chmod(executable, 0o755);
  const environment = { ...process.env, DIRECTORY: directory };
  return new PythonProcess(
    { executable, module: 'module', functionName: 'handler', environment, onLine: () => {} },
    () => {},
  );
}

test('an answer that is not JSON fails its invocation only', async () => {
  const python = await startProcess(`if [ -e "$DIRECTORY/first" ]; then printf '%s{"result":1}\\n' "$5"
else touch "$DIRECTORY/first"; printf '%s{"result":output of another process\\n' "$5"; fi`);
  try {
    await expect(python.invoke({}, {})).rejects.toMatchObject({
      errorType: 'Runtime.MarshalError',
      message: expect.stringContaining('expected the answer of the function to be JSON'),
    });
    await expect(python.invoke({}, {})).resolves.toBe(1);
  } finally {
    python.kill();
  }
});

test('the late answer of a killed process does not settle the next invocation', async () => {
  const python = await startProcess(`printf '%s{"result":%s}\\n' "$5" "$invocation"; touch "$DIRECTORY/answered"`);
  try {
    void python.invoke({ n: 1 }, {});
    // Nothing of the process is read before this loop ends.
    const untilMs = performance.now() + 30_000;
    while (!existsSync(join(directory, 'answered'))) {
      if (performance.now() > untilMs) throw new Error('expected the process to answer');
    }
    python.kill();
    await expect(python.invoke({ n: 2 }, {})).resolves.toEqual({ event: { n: 2 }, context: {} });
  } finally {
    python.kill();
  }
});
