import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { printResult } from './terminal/output.ts';
import { createProgram, runCommand } from './terminal/program.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SOURCE = 'localstack/event-sources';
/** What the compiler leaves out. */
const COPIED = ['README.md', 'CHANGELOG.md', 'runner/function-process.py'];

/**
 * `npm run build:event-sources`: builds `dist/event-sources`, a package that is ready for `npm pack`.
 *
 * It is compiled to JavaScript, because Node does not strip the types of files below `node_modules`.
 */
const program = createProgram(
  'npm run build:event-sources',
  'Builds the event sources as a separate package, ready for npm pack.',
)
  .argument('[DIRECTORY]', 'where to build it; what it holds is deleted', join(ROOT, 'dist', 'event-sources'))
  .action((target) => {
    const source = join(ROOT, SOURCE);
    const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    execFileSync(process.execPath, [join(compiler, '..', 'bin', 'tsc'), '-p', source, '--outDir', target], {
      stdio: 'inherit',
    });
    importCompiledTypes(target);
    for (const file of COPIED) copyFileSync(join(source, file), join(target, file));
    copyFileSync(join(ROOT, 'LICENSE'), join(target, 'LICENSE'));
    const manifest = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as object;
    const text = JSON.stringify({ ...manifest, ...repository() }, undefined, 2);
    writeFileSync(join(target, 'package.json'), `${text}\n`);
    printResult(`Built the package in ${target}. Pack it with: npm pack ${target}`);
  });

/** The compiler rewrites the imports of a program, and leaves those of its declarations as they are. */
function importCompiledTypes(directory: string): void {
  for (const file of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.d.ts')) continue;
    const path = join(directory, file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(/(\bfrom |\bimport\()'(\.[^']+)\.ts'/g, "$1'$2.js'"));
  }
}

/** npm accepts a provenance statement only if the manifest names the repository that the workflow runs in. */
function repository(): { readonly repository?: object } {
  const { GITHUB_SERVER_URL: server = 'https://github.com', GITHUB_REPOSITORY: name } = process.env;
  if (name === undefined) return {};
  return { repository: { type: 'git', url: `git+${server}/${name}.git`, directory: SOURCE } };
}

await runCommand(program);
