import { transformSync } from '@swc/core';
import { readSourceFiles, type SourceFile } from './architecture/source-files.ts';

const MAX_LINES = 300;

/** Names that several files of one tree may declare. */
const SHARED_NAMES = new Map([
  ['handler', 'the name that Lambda calls in each function'],
  ['main', 'the top function of a program'],
]);

/** Classes of adapters that a handler creates and that are no port: what adapters of one system share. */
const SHARED_CLASSES = new Set(['Database']);

/** Ports that no class of this project implements. */
const PORTS_WITHOUT_ADAPTER = new Map([
  ['Clock', 'an object in functions/runtime'],
  ['DashboardState', 'the answers of function dashboard, which commands read, have these types'],
  ['Deadline', 'an object that the handler makes from the remaining time of the invocation'],
  ['Logger', "Powertools' class has its shape"],
]);

interface Declaration {
  readonly name: string;
  readonly kind: string;
  readonly isExported: boolean;
  readonly path: string;
}

/** What the file declares at its top level. */
function declarationsOf({ path, text }: SourceFile): Declaration[] {
  const declarations = text.matchAll(
    /^(export )?(?:default )?(?:declare )?(?:abstract )?(?:async )?(class|interface|type|function|const|let|enum)\*? (\w+)/gm,
  );
  return [...declarations].map(([, isExported, kind = '', name = '']) => ({
    name,
    kind,
    isExported: isExported !== undefined,
    path,
  }));
}

/** Exported names and functions that more than one file declares. A private constant or type may share its name. */
function repeatedNames(files: readonly SourceFile[]): string[] {
  const declarations = files.flatMap(declarationsOf).filter(({ name }) => !SHARED_NAMES.has(name));
  const byName = Object.groupBy(declarations, ({ name }) => name);
  return Object.entries(byName).flatMap(([name, same = []]) => {
    const paths = new Set(
      same.filter(({ kind, isExported }) => isExported || kind === 'function').map(({ path }) => path),
    );
    return paths.size > 1 ? [`${name} in ${[...paths].join(', ')}`] : [];
  });
}

/** Whether the file has only types, which do not exist at run time. */
function isTypesOnly({ text }: SourceFile): boolean {
  const { code } = transformSync(text, {
    jsc: {
      target: 'es2024',
      parser: { syntax: 'typescript' },
      transform: { verbatimModuleSyntax: true },
    },
  });
  return code.replaceAll(/\/\*.*?\*\/|\/\/.*$/gms, '').trim() === 'export { };';
}

/** Classes that handlers create and that name no port. */
function classesWithoutPort(files: readonly SourceFile[]): string[] {
  const classes = new Map(
    files
      .filter(({ path }) => path.startsWith('functions/adapters/'))
      .flatMap(({ text }) => [...text.matchAll(/^export class (\w+)([^{]*)\{/gm)])
      .map(([, name = '', heritage = '']) => [name, heritage.includes('implements ')]),
  );
  const wiring = files.filter(({ path }) => /\/(handler|wiring)\.ts$/.test(path));
  const created = wiring.flatMap(({ text }) => [...text.matchAll(/\bnew (\w+)\(/g)].map(([, name = '']) => name));
  return [...new Set(created)].filter((name) => classes.get(name) === false && !SHARED_CLASSES.has(name));
}

/** Port files that do not declare the interface that they are named after, or whose interface no class implements. */
function portsWithoutAdapter(files: readonly SourceFile[]): string[] {
  const implemented = files
    .filter(({ path }) => path.startsWith('functions/'))
    .flatMap(({ text }) => [...text.matchAll(/^export class \w+[^{]*\bimplements ([\w, ]+)/gm)])
    .flatMap(([, names = '']) => names.split(',').map((name) => name.trim()));
  return files
    .filter(({ path }) => path.startsWith('functions/ports/'))
    .filter((file) => {
      const name = pascalCase(file.path.replace(/^.*\/|\.ts$/g, ''));
      const isDeclared = declarationsOf(file).some((each) => each.name === name && each.isExported);
      return !isDeclared || !(implemented.includes(name) || PORTS_WITHOUT_ADAPTER.has(name));
    })
    .map(({ path }) => path);
}

function pascalCase(kebabCase: string): string {
  return kebabCase.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
}

const files = readSourceFiles();
const of = (...trees: readonly string[]) => files.filter(({ path }) => trees.some((tree) => path.startsWith(tree)));

describe('the project', () => {
  test(`has no file of more than ${MAX_LINES} lines`, () => {
    const longer = files.filter(({ text }) => text.split('\n').length - 1 > MAX_LINES).map(({ path }) => path);

    expect(longer).toEqual([]);
  });

  // The event sources are a package of their own, which shares nothing with the rest.
  test.each([
    ['functions', of('functions/')],
    ['the event sources', of('localstack/event-sources/')],
    ['the stack and the commands', of('localstack/stack/', 'localstack/commands/')],
  ])('declares each exported name and each function of %s once', (_, tree) => {
    expect(tree.length).toBeGreaterThan(20);
    expect(repeatedNames(tree)).toEqual([]);
  });

  test('has nothing but types in ports', () => {
    const ports = of('functions/ports/');

    expect(ports.length).toBeGreaterThan(5);
    expect(ports.filter((file) => !isTypesOnly(file)).map(({ path }) => path)).toEqual([]);
  });

  test('has a port for each class of an adapter that handlers create', () => {
    expect(classesWithoutPort(files)).toEqual([]);
  });

  test('has one port a file, and an adapter that implements it', () => {
    expect(portsWithoutAdapter(files)).toEqual([]);
  });
});

describe('the rules', () => {
  test('find a name that two files declare', () => {
    expect(
      repeatedNames([
        { path: 'a.ts', text: 'export interface Port {}\nfunction helper() {}\nconst LIMIT = 1;\ntype Local = 1;\n' },
        {
          path: 'b.ts',
          text: 'export type Port = 1;\nasync function helper() {}\nconst LIMIT = 2;\ntype Local = 2;\n',
        },
        { path: 'c.ts', text: 'export const handler = 1;\nexport function once() {}\n' },
        { path: 'd.ts', text: 'export const handler = 2;\n  const once = 1;\n' },
      ]),
    ).toEqual(['Port in a.ts, b.ts', 'helper in a.ts, b.ts']);
  });

  test.each([
    [
      'an interface',
      "import type { A } from './a.ts';\n/** B. */\nexport interface B extends A {}\nexport type C = B;\n",
      true,
    ],
    ['a constant', 'export interface B {}\nexport const LIMIT = 1;\n', false],
    ['a class', 'export class B {}\n', false],
    ['an import of values', "import { A } from './a.ts';\nexport type B = A;\n", false],
  ])('decide for %s whether it is only a type', (_, text, expected) => {
    expect(isTypesOnly({ path: 'functions/ports/a.ts', text })).toBe(expected);
  });

  test('find a class without a port', () => {
    const adapter =
      'export class Good implements Port {}\nexport class Bad extends Good {}\nexport class Database {}\n';
    const handler = 'const all = [new Good(), new Bad(), new Database(), new Date()];\n';

    expect(
      classesWithoutPort([
        { path: 'functions/adapters/s3/a.ts', text: adapter },
        { path: 'functions/a/handler.ts', text: handler },
      ]),
    ).toEqual(['Bad']);
  });

  test('find a port without an adapter, and a port file under another name', () => {
    const port = (name: string) => `export interface ${name} {\n  read(): void;\n}\n`;

    expect(
      portsWithoutAdapter([
        { path: 'functions/ports/object-store.ts', text: port('ObjectStore') },
        { path: 'functions/ports/row-store.ts', text: port('RowStore') },
        { path: 'functions/ports/file-store.ts', text: port('ObjectStore') },
        { path: 'functions/ports/clock.ts', text: port('Clock') },
        { path: 'functions/adapters/s3/a.ts', text: 'export class A extends B implements Other, ObjectStore {}\n' },
      ]),
    ).toEqual(['functions/ports/row-store.ts', 'functions/ports/file-store.ts']);
  });
});
