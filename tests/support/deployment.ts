import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const ROOT = join(__dirname, '../..');

/**
 * A short form of CloudFormation is read as its argument: `!Ref Name` becomes the text "Name". The files are our own, so
 * that the parser need not limit their aliases.
 */
function readYaml<Content>(path: string): Content {
  return parse(readFileSync(join(ROOT, path), 'utf8'), {
    merge: true,
    maxAliasCount: -1,
    logLevel: 'silent',
  }) as Content;
}

interface MskEvent {
  readonly topic: string;
  readonly consumerGroupId: string;
}

interface FunctionDefinition {
  readonly handler: string;
  readonly role: string;
  readonly timeout: number;
  readonly environment: Readonly<Record<string, unknown>>;
  readonly events?: readonly { readonly msk?: MskEvent }[];
  readonly reservedConcurrency?: string;
  readonly provisionedConcurrency?: string;
  readonly maximumRetryAttempts?: number;
}

export interface Resource {
  readonly Type: string;
  readonly DependsOn?: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: a template may have any depth.
  readonly Properties: any;
}

interface Template {
  readonly Parameters?: Readonly<Record<string, unknown>>;
  readonly Resources?: Readonly<Record<string, Resource>>;
}

/** The parameters by stage. */
export const stages = readYaml<Readonly<Record<string, Readonly<Record<string, unknown>>>>>('infra/stages.yml');

/** What `serverless.yml` says. */
export const service = readYaml<{
  readonly provider: {
    readonly environment: Readonly<Record<string, unknown>>;
    readonly logs: { readonly lambda: object };
  };
  readonly functions: Readonly<Record<string, FunctionDefinition>>;
  readonly resources: readonly unknown[];
}>('serverless.yml');

const readTemplate = (path: string) => readYaml<{ readonly template: Template }>(path).template;

/** The files of the functions' stack in `infra`, without extension. */
export const TEMPLATES = [
  'imports',
  'permissions',
  'event-sources',
  'dashboard',
  'alarms',
  'server-alarms',
  'metrics-dashboard',
  'deployment-bucket',
  'skipped-checks',
];
const templates = TEMPLATES.map((name) => readTemplate(`infra/${name}.yml`));
export const resources = new Map(templates.flatMap((template) => Object.entries(template.Resources ?? {})));
/** What the functions take from the data stack: the names of the parameters, which `Ref` has. */
export const imports = Object.keys(templates[0]?.Parameters ?? {});

/** The logical id that the framework generates. */
export function functionId(name: string): string {
  return `${name.replaceAll('-', 'Dash').replace(/^./, (first) => first.toUpperCase())}LambdaFunction`;
}
