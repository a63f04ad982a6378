import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

const ROOT = join(__dirname, '../../..');

export interface SourceFile {
  /** Relative to the root of the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** The source files of the project, without generated and installed ones. */
export function readSourceFiles(): SourceFile[] {
  return ['functions', 'localstack', 'tests', 'infra'].flatMap((tree) =>
    readdirSync(join(ROOT, tree), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|js|mjs)$/.test(file) && !file.includes('node_modules'))
      .map((file) => posix.join(tree, file.replaceAll('\\', '/')))
      .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') })),
  );
}

/** Files of the project as paths from its root, packages as `npm:NAME`, Node's own modules as `node:NAME`. */
export function importsOf({ path, text }: SourceFile): string[] {
  const specifiers = text.matchAll(
    /^\s*(?:import|export)\b[^'"`;]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\b(?:import|require)\(\s*['"]([^'"]+)['"]/gm,
  );
  return [...specifiers].map((match) => {
    const specifier = match[1] ?? match[2] ?? match[3] ?? '';
    if (specifier.startsWith('.')) return posix.normalize(posix.join(dirname(path), specifier));
    return specifier.startsWith('node:') ? specifier : `npm:${specifier}`;
  });
}

/** Each import cycle between files, as the files in the order of the imports. */
export function importCycles(files: readonly SourceFile[]): string[][] {
  const imports = new Map(files.map((file) => [file.path, importsOf(file)]));
  const finished = new Set<string>();
  const cycles: string[][] = [];
  const visit = (path: string, parents: readonly string[]) => {
    if (parents.includes(path)) cycles.push([...parents.slice(parents.indexOf(path)), path]);
    else if (!finished.has(path)) for (const to of imports.get(path) ?? []) visit(to, [...parents, path]);
    finished.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return cycles;
}
