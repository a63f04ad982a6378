import {
  createProgram,
  directoryOption,
  NEEDS_ATTENTION,
  runCommand,
  UsageError,
  wholeNumber,
} from '../../../../localstack/commands/terminal/program.ts';

interface Call {
  readonly rows: number;
  readonly directory: string;
  readonly json?: true;
}

/** Runs a command of two options and an argument with `args`. */
async function run(action: (file: string | undefined, call: Call) => Promise<void>, ...args: string[]) {
  const previousExitCode = process.exitCode;
  const out: string[] = [];
  const err: string[] = [];
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0),
    jest.spyOn(console, 'error').mockImplementation((text) => void err.push(`${text}`)),
  ];
  const program = createProgram('npm run example', 'shows a file')
    .argument('[file]', 'the file')
    .option('--json', 'print one JSON object on one line')
    .option('--rows <N>', 'the number of rows', wholeNumber(1), 5)
    .addOption(directoryOption())
    .action((file, options) => action(file, options));
  try {
    process.exitCode = undefined;
    await runCommand(program, args);
    return { exitCode: process.exitCode, out: out.join(''), err: err.join('\n') };
  } finally {
    process.exitCode = previousExitCode;
    for (const spy of spies) spy.mockRestore();
  }
}

const failing = (error: Error) => async () => {
  throw error;
};
const notRun = failing(new Error('was run'));
const HINT = 'The options are in: npm run example -- --help';

test('a command gets its arguments and its options, with their defaults', async () => {
  const calls: unknown[] = [];
  const action = async (...call: unknown[]) => void calls.push(call);
  expect(await run(action, 'a.csv', '--rows', '3', '--json')).toEqual({ exitCode: undefined, out: '', err: '' });
  await run(action);
  expect(calls).toEqual([
    ['a.csv', { rows: 3, json: true, directory: '.localstack' }],
    [undefined, { rows: 5, directory: '.localstack' }],
  ]);
});

test('the help is made from the options, and printed on the standard output', async () => {
  expect(await run(notRun, '--help')).toEqual({
    exitCode: undefined,
    out: `Usage: npm run example -- [options] [file]

shows a file

Arguments:
  file               the file

Options:
  --json             print one JSON object on one line
  --rows <N>         the number of rows (default: 5)
  --directory <DIR>  the directory of the running stack (default: ".localstack")
  --help             print this help
`,
    err: '',
  });
});

test.each([
  [['--jsn'], "Unknown option '--jsn'. Did you mean --json?"],
  [['--quite-other'], "Unknown option '--quite-other'"],
  [['--rows'], "Option '--rows <N>' argument missing"],
  [['--rows', '1.5'], "Option '--rows <N>' argument '1.5' is invalid. Expected a whole number of at least 1."],
  [['a.csv', 'b.csv'], 'Too many arguments. Expected 1 argument but got 2: a.csv, b.csv.'],
])('%j is a wrong call, with exit code 2', async (args, message) => {
  expect(await run(notRun, ...args)).toEqual({ exitCode: 2, out: '', err: `${message}\n${HINT}` });
});

test('a wrong call that the command itself finds has exit code 2 too', async () => {
  expect(await run(failing(new UsageError('Expected one file.')))).toEqual({
    exitCode: 2,
    out: '',
    err: `Expected one file.\n${HINT}`,
  });
});

test('a failure is printed in one line on the standard error, with exit code 1', async () => {
  expect(await run(failing(new Error('No stack is ready.')))).toEqual({
    exitCode: 1,
    out: '',
    err: 'No stack is ready.',
  });
});

test('a command says with exit code 1 that something needs attention', async () => {
  const action = async () => {
    process.exitCode = NEEDS_ATTENTION;
  };
  expect((await run(action)).exitCode).toBe(1);
});

test('a connection that every address refuses is printed with each reason', async () => {
  const reasons = [new Error('connect ECONNREFUSED ::1'), new Error('connect ECONNREFUSED 127.0.0.1')];
  const { err } = await run(failing(new AggregateError(reasons)));
  expect(err).toBe('connect ECONNREFUSED ::1; connect ECONNREFUSED 127.0.0.1');
});

describe('an option before "--", which npm takes for its own', () => {
  const variables = { npm_lifecycle_event: 'example', npm_config_json: 'true', npm_config_yes: 'true' };
  const before = { ...process.env };
  beforeEach(() => void Object.assign(process.env, variables));
  afterEach(() => {
    process.env = { ...before };
  });

  test('is refused, so that the command does not run without it', async () => {
    expect((await run(notRun)).err).toContain(
      'Expected --json after "--", because npm takes what is before it: call npm run example -- --json',
    );
  });

  test('does no harm when the command has it as well', async () => {
    expect((await run(async () => {}, '--json')).exitCode).toBeUndefined();
  });

  test.each(['3', 'true', ''])('is refused with the value "%s" too', async (value) => {
    Object.assign(process.env, { npm_config_json: '', npm_config_rows: value });
    const { exitCode, err } = await run(notRun);
    expect(exitCode).toBe(2);
    expect(err).toContain('Expected --rows after "--"');
    expect(err).toContain('call npm run example -- --rows <N>');
  });

  test.each([[['--rows', '3']], [['--rows=3']]])('does no harm when the command has %j as well', async (args) => {
    Object.assign(process.env, { npm_config_json: '', npm_config_rows: '4' });
    expect((await run(async () => {}, ...args)).exitCode).toBeUndefined();
  });
});

test.each(['-1', '1.5', '1e3', '', 'x', '0', '9007199254740993'])(
  '"%s" is not a whole number of at least 1',
  (text) => {
    expect(() => wholeNumber(1)(text)).toThrow('Expected a whole number of at least 1.');
  },
);

test('whole numbers of at least the minimum are accepted', () => {
  expect([wholeNumber(0)('0'), wholeNumber(1)('12')]).toEqual([0, 12]);
});
