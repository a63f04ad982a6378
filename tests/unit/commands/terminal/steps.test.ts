import { runSteps, type Step } from '../../../../localstack/commands/terminal/steps.ts';

/** Runs the steps without a terminal, and returns what is printed on the standard error. */
async function run(steps: readonly Step[]): Promise<{ printed: string; error: unknown }> {
  const printed: string[] = [];
  const spy = jest.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  try {
    const error = await runSteps(steps, false).then(
      () => undefined,
      (reason) => reason,
    );
    return { printed: printed.join('').replaceAll(/\d+ ms/g, 'N ms'), error };
  } finally {
    spy.mockRestore();
  }
}

const servers: Step = {
  title: 'Starting the servers',
  run: async (report) => {
    report('Kafka is ready');
    return 'Kafka';
  },
};

test('without a terminal, steps are lines: the title, what it reports, and the result', async () => {
  const quiet: Step = { title: 'Checking', run: async () => undefined };
  expect(await run([servers, quiet])).toEqual({
    printed: 'Starting the servers\n  Kafka is ready\n  done after N ms: Kafka\nChecking\n  done after N ms\n',
    error: undefined,
  });
});

test('a step that fails is the last one', async () => {
  const failing: Step = { title: 'Breaking', run: () => Promise.reject(new Error('broken')) };
  expect(await run([failing, servers])).toEqual({ printed: 'Breaking\n', error: new Error('broken') });
});
