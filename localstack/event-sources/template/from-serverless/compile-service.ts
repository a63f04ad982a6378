import type { Resource, Template } from '../template.ts';
import { existingBucketResources } from './existing-buckets.ts';
import { functionResources } from './function-resources.ts';
import type { Serverless } from './serverless.ts';
import { restoreZeroBatchingWindows } from './zero-batching-window.ts';

/**
 * Steps of osls that write event sources into the template, as the class and the method of its plugins. None of them
 * packages or uploads anything. osls has no public way to compile a template without packaging.
 * https://github.com/serverless/serverless/issues/9871
 */
const compileEventSteps: readonly CompileStep[] = [
  { plugin: 'AwsCompileMSKEvents', method: 'compileMSKEvents' },
  { plugin: 'AwsCompileKafkaEvents', method: 'compileKafkaEvents' },
  { plugin: 'AwsCompileS3Events', method: 'newS3Buckets' },
  { plugin: 'AwsCompileScheduledEvents', method: 'compileScheduledEvents' },
];
/** Merges `resources` and `resources.extensions` of serverless.yml into the template. */
const mergeResourcesStep: CompileStep = { plugin: 'AwsPackage', method: 'mergeCustomProviderResources' };

interface CompileStep {
  readonly plugin: string;
  readonly method: string;
}

/**
 * The template that packaging would compile, with functions and event sources only and without packaging: the steps of
 * osls run on copies of what they change. Takes milliseconds.
 *
 * @throws Serverless' own error class when osls does not have one of the steps.
 */
export function compileTemplate(serverless: Serverless): Template {
  const { service } = serverless;
  const saved = {
    functions: service.functions,
    resources: service.resources,
    template: service.provider.compiledCloudFormationTemplate,
  };
  const template: { Resources: Record<string, Resource>; Outputs: object } = {
    Resources: functionResources(serverless),
    Outputs: {},
  };
  try {
    service.functions = structuredClone(saved.functions);
    if (saved.resources !== undefined) service.resources = structuredClone(saved.resources);
    service.provider.compiledCloudFormationTemplate = template;
    for (const step of compileEventSteps) run(step, serverless);
    // Before the merge, so that an extension can still set another window.
    restoreZeroBatchingWindows(serverless, template.Resources);
    // Before the merge too: an extension can change them.
    Object.assign(template.Resources, existingBucketResources(serverless));
    mergeResources(serverless, template.Resources);
  } finally {
    service.functions = saved.functions;
    service.resources = saved.resources;
    service.provider.compiledCloudFormationTemplate = saved.template;
  }
  return template;
}

/** Without the extensions of what only packaging compiles, such as log groups. Packaging reports one of a wrong name. */
function mergeResources(serverless: Serverless, compiled: Record<string, Resource>): void {
  const resources = serverless.service.resources as Extensible | undefined;
  if (resources?.extensions) {
    const known = Object.entries(resources.extensions).filter(
      ([id]) => id in compiled || id in (resources.Resources ?? {}),
    );
    resources.extensions = Object.fromEntries(known);
  }
  run(mergeResourcesStep, serverless);
}

interface Extensible {
  readonly Resources?: object;
  extensions?: object;
}

function run({ plugin: name, method }: CompileStep, serverless: Serverless): void {
  const plugin = serverless.pluginManager.plugins.find((candidate) => candidate.constructor.name === name);
  const step = (plugin as Record<string, unknown> | undefined)?.[method];
  if (typeof step !== 'function') {
    throw new serverless.classes.Error(
      `event sources: expected the Serverless plugin ${name} with the method ${method}, as osls 4.3.1 has it, found ${plugin === undefined ? 'no such plugin' : 'no such method'}: use a version of osls that has it`,
      'EVENT_SOURCES_MISSING_COMPILE_STEP',
    );
  }
  step.call(plugin);
}
