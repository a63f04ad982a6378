import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../../..');

export type StackName = 'data' | 'functions';

// biome-ignore lint/suspicious/noExplicitAny: a template may have any depth.
export type CompiledValue = any;

export interface CompiledResource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly Metadata?: CompiledValue;
  readonly Properties: CompiledValue;
}

export interface CompiledTemplate {
  readonly Parameters?: Readonly<Record<string, { readonly Type: string; readonly Default?: string }>>;
  readonly Conditions?: Readonly<Record<string, CompiledValue>>;
  readonly Resources: Readonly<Record<string, CompiledResource>>;
}

/** The service as it is, without what would bundle code: the same template in two seconds. */
const CONFIGURATION = `
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const yaml = require('js-yaml');
const schema = require('serverless/lib/utils/serverless-utils/cloudformation-schema');
const service = yaml.load(readFileSync(join(__dirname, 'service.yml'), 'utf8'), { schema });
const bundlers = ['serverless-esbuild', 'serverless-offline'];
service.plugins = (service.plugins ?? []).filter((plugin) => !bundlers.includes(plugin));
service.package = { artifact: 'code.zip' };
for (const definition of Object.values(service.functions ?? {})) delete definition.package;
module.exports = service;
`;

/** The template that `serverless package` compiles for a stage, as CloudFormation gets it. */
export async function compileStack(
  stack: StackName,
  stage: string,
  params: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<CompiledTemplate> {
  const directory = await mkdtemp(join(tmpdir(), 'employee-streams-template-'));
  const inProject = stack === 'data' ? 'infra/data' : '.';
  const service = join(directory, inProject);
  try {
    await cp(join(ROOT, 'infra'), join(directory, 'infra'), {
      recursive: true,
      filter: (source) => !source.endsWith('.serverless'),
    });
    for (const name of ['package.json', 'node_modules', 'functions', 'localstack', 'sql']) {
      await symlink(join(ROOT, name), join(directory, name));
    }
    await cp(join(ROOT, inProject, 'serverless.yml'), join(service, 'service.yml'));
    await rm(join(service, 'serverless.yml'), { force: true });
    await writeFile(join(service, 'serverless.cjs'), CONFIGURATION);
    await writeFile(join(service, 'code.zip'), 'no code');
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
    const options = Object.entries(params).map(([name, value]) => `--param=${name}=${value}`);
    const serverless = join(ROOT, 'node_modules/serverless/bin/serverless.js');
    const parts = ['package', '--stage', stage, '--region', 'eu-west-1', ...options];
    await run(process.execPath, [serverless, ...parts], { cwd: service, env, ...(signal && { signal }) });
    const template = join(service, '.serverless/cloudformation-template-update-stack.json');
    return JSON.parse(await readFile(template, 'utf8'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
