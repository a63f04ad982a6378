import { requireCsvKey, runCommand, UsageError, wholeNumber } from '../../../localstack/commands/run-command.ts';

const USAGE = 'npm run example';

async function run(command: (args: string[]) => Promise<void>, ...args: string[]) {
  const [argv, previousExitCode] = [process.argv, process.exitCode];
  const output: string[] = [];
  const print = (line: string) => void output.push(line);
  const spies = [jest.spyOn(console, 'log'), jest.spyOn(console, 'error')];
  for (const spy of spies) spy.mockImplementation(print);
  try {
    process.argv = ['node', 'example.ts', ...args];
    process.exitCode = undefined;
    await runCommand(USAGE, command);
    return { exitCode: process.exitCode, output: output.join('\n') };
  } finally {
    process.argv = argv;
    process.exitCode = previousExitCode;
    for (const spy of spies) spy.mockRestore();
  }
}

const failing = (error: Error) => async () => {
  throw error;
};

test('a command gets its arguments', async () => {
  const received: string[][] = [];
  const result = await run(async (args) => void received.push(args), '--rows', '3');
  expect(received).toEqual([['--rows', '3']]);
  expect(result).toEqual({ exitCode: undefined, output: '' });
});

test('--help prints the usage instead of running the command', async () => {
  expect(await run(failing(new Error('was run')), '--help')).toEqual({ exitCode: undefined, output: USAGE });
});

test('a failure is printed in one line, with exit code 1', async () => {
  expect(await run(failing(new Error('No stack is ready.')))).toEqual({ exitCode: 1, output: 'No stack is ready.' });
});

test('invalid arguments are printed with the usage, with exit code 2', async () => {
  const expected = { exitCode: 2, output: `Expected one file.\n${USAGE}` };
  expect(await run(failing(new UsageError('Expected one file.')))).toEqual(expected);
});

test('a connection that every address refuses is printed with each reason', async () => {
  const error = new AggregateError([
    new Error('connect ECONNREFUSED ::1'),
    new Error('connect ECONNREFUSED 127.0.0.1'),
  ]);
  expect((await run(failing(error))).output).toBe('connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1');
});

test('whole numbers of at least the minimum are accepted', () => {
  expect([wholeNumber('--rows', '0', 0), wholeNumber('--rows', '12', 1)]).toEqual([0, 12]);
});

test.each(['-1', '1.5', '1e3', '', 'x', '0', '9007199254740993'])(
  '"%s" is not a whole number of at least 1',
  (text) => {
    expect(() => wholeNumber('--every', text, 1)).toThrow(
      new UsageError(`Expected --every to be a whole number of at least 1, but found "${text}".`),
    );
  },
);

test('a key must end with .csv', () => {
  expect(() => requireCsvKey('2026/salaries.csv')).not.toThrow();
  expect(() => requireCsvKey('salaries.CSV')).toThrow(UsageError);
});
