import { runProgram } from '../../../../localstack/stack/process/run-program.ts';

const { signal } = new AbortController();

test('a program returns its standard output and error', async () => {
  const output = await runProgram({ file: 'sh', args: ['-c', 'echo out; echo err >&2'] }, { signal });
  // The order of the two streams is not defined.
  expect(output.split('\n').sort()).toEqual(['', 'err', 'out']);
});

test('the error of a failed program has its exit code and last output', async () => {
  const failing = runProgram({ file: 'sh', args: ['-c', 'echo because; exit 3'] }, { signal });
  await expect(failing).rejects.toThrow('sh failed with exit code 3. Its last output:\nbecause');
});

test('the error of a program that does not exist has exit code 127', async () => {
  await expect(runProgram({ file: 'no-such-program', args: [] }, { signal })).rejects.toThrow('exit code 127');
});

test('aborting the signal stops the program', async () => {
  const controller = new AbortController();
  const lines: string[] = [];
  const running = runProgram(
    { file: 'sh', args: ['-c', 'echo started; exec sleep 60'] },
    {
      signal: controller.signal,
      onLine: (line) => {
        lines.push(line);
        controller.abort(new Error('enough'));
      },
    },
  );
  await expect(running).rejects.toThrow('enough');
  expect(lines).toEqual(['started']);
});
