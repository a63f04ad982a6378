import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onInterrupt } from '../terminal/interrupt.ts';
import { printProgress, printResult } from '../terminal/output.ts';
import { createProgram, NEEDS_ATTENTION, runCommand } from '../terminal/program.ts';
import { runSteps } from '../terminal/steps.ts';
import { compileStack, type StackName } from './compile-stack.ts';
import { readChecks, readLint } from './findings.ts';
import { PythonTools } from './python-tools.ts';

const STAGES = ['dev', 'prod'];
const STACKS: readonly StackName[] = ['data', 'functions'];
/** cfn-lint knows what each of them supports. */
const REGIONS = ['eu-central-1', 'eu-west-1', 'us-east-1'];
const MAXIMUM_RESOURCES = 200;

/** `npm run check:infra`: what CloudFormation and auditors would object to, without an account. */
const program = createProgram(
  'npm run check:infra',
  'Compiles the templates of both stacks for the stages dev and prod, and checks them with cfn-lint and checkov.',
).action(async () => {
  const interrupt = new AbortController();
  onInterrupt(() => interrupt.abort(new Error('Interrupted.')));
  const { signal } = interrupt;
  const directory = await mkdtemp(join(tmpdir(), 'employee-streams-infra-'));
  const compiled = STAGES.flatMap((stage) =>
    STACKS.map((stack) => ({ stage, stack, path: join(directory, `${stack}-${stage}.json`) })),
  );
  const paths = compiled.map(({ path }) => path);
  const lintPath = join(directory, 'cfn-lint.out');
  let tools: PythonTools | undefined;
  const use = () => tools as PythonTools;
  try {
    await runSteps([
      {
        title: 'Preparing cfn-lint and checkov',
        run: async (report) => {
          tools = await PythonTools.install({ signal, report });
          return undefined;
        },
      },
      ...compiled.map(({ stage, stack, path }) => ({
        title: `Compiling the template of ${stack} for ${stage}`,
        run: async () => {
          await writeFile(path, JSON.stringify(await compileStack(stack, stage, {}, signal)));
          return undefined;
        },
      })),
      {
        title: 'Checking with cfn-lint',
        run: async (report) => {
          const output = ['--format', 'json', '--output-file', lintPath, '--non-zero-exit-code', 'none'];
          await use().run('cfn-lint', [...output, '--regions', ...REGIONS, '--', ...paths], { signal, report });
          return undefined;
        },
      },
      {
        title: 'Checking with checkov',
        run: async () => {
          const output = ['--output', 'json', '--output-file-path', directory, '--soft-fail', '--skip-download'];
          const files = paths.flatMap((path) => ['--file', path]);
          const checks = [...files, '--framework', 'cloudformation', ...output];
          await use().run('checkov', checks, { signal, report: () => {} });
          return undefined;
        },
      },
    ]);
    const lint = readLint(await readFile(lintPath, 'utf8'));
    const checks = readChecks(await readFile(join(directory, 'results_json.json'), 'utf8'));
    const sizes = await Promise.all(paths.map(countResources));
    for (const { template, text } of [...lint.findings, ...checks.findings]) printProgress(`${template}: ${text}`);
    const largest = Math.max(...sizes);
    if (largest >= MAXIMUM_RESOURCES) printProgress(`A template has ${largest} resources: split it before it has 500.`);
    printResult(
      `${paths.length} templates of ${Math.min(...sizes)} to ${largest} resources; cfn-lint: ${lint.errors} errors, ${lint.warnings} warnings; checkov: ${checks.passed} passed, ${checks.failed} failed, ${checks.skipped} skipped with their reason.`,
    );
    if (lint.findings.length + checks.failed > 0 || largest >= MAXIMUM_RESOURCES) process.exitCode = NEEDS_ATTENTION;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

async function countResources(path: string): Promise<number> {
  const { Resources } = JSON.parse(await readFile(path, 'utf8')) as { readonly Resources: object };
  return Object.keys(Resources).length;
}

await runCommand(program);
