import { type CompiledTemplate, compileStack } from '../../localstack/commands/check-infra/compile-stack.ts';

export * from '../../localstack/commands/check-infra/compile-stack.ts';

export const STAGES = ['dev', 'prod'];

/** Compiles a stack for each stage before the tests of the file. */
export function compiledStages(stack: Parameters<typeof compileStack>[0]) {
  const templates = new Map<string, CompiledTemplate>();
  beforeAll(async () => {
    const compiled = await Promise.all(STAGES.map((stage) => compileStack(stack, stage)));
    for (const [index, template] of compiled.entries()) templates.set(STAGES[index] ?? '', template);
  }, 300_000);
  const templateOf = (stage: string) => templates.get(stage) as CompiledTemplate;
  return {
    templateOf,
    propertiesOf: (stage: string, id: string) => templateOf(stage).Resources[id]?.Properties,
  };
}

/** The names that a template refers to and does not define. */
export function undefinedNames(template: CompiledTemplate): readonly string[] {
  const { Parameters = {}, Conditions = {}, Resources } = template;
  const known = new Set([
    'AWS::AccountId',
    'AWS::NoValue',
    'AWS::Partition',
    'AWS::Region',
    'AWS::StackId',
    'AWS::URLSuffix',
  ]);
  const unknown = new Set<string>();
  const refer = (name: unknown, own: readonly string[] = []) => {
    const [id = ''] = String(name).split('.');
    if (!(id in Resources || id in Parameters || known.has(id) || own.includes(id))) unknown.add(id);
  };
  const condition = (name: unknown) => {
    if (!(String(name) in Conditions)) unknown.add(String(name));
  };
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { Ref, 'Fn::GetAtt': attribute, 'Fn::Sub': text, 'Fn::If': choice } = value as Record<string, unknown>;
    if (Ref !== undefined) refer(Ref);
    if (attribute !== undefined) refer([attribute].flat()[0]);
    if (Array.isArray(choice)) condition(choice[0]);
    if (text !== undefined) {
      const [pattern, own = {}] = [text].flat() as [string, object?];
      for (const [, name] of pattern.matchAll(/\$\{([^!}][^}]*)\}/g)) refer(name, Object.keys(own));
    }
    Object.values(value).forEach(visit);
  };
  for (const { DependsOn = [], Condition, ...resource } of Object.values(Resources)) {
    for (const name of [DependsOn].flat()) if (!(name in Resources)) unknown.add(name);
    if (Condition !== undefined) condition(Condition);
    visit(resource);
  }
  return [...unknown];
}
