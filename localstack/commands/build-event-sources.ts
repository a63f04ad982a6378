import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { printResult } from './terminal/output.ts';
import { createProgram, runCommand } from './terminal/program.ts';

const ROOT = join(import.meta.dirname, '..', '..');

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
    const source = join(ROOT, 'localstack', 'event-sources');
    const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    execFileSync(process.execPath, [join(compiler, '..', 'bin', 'tsc'), '-p', source, '--outDir', target], {
      stdio: 'inherit',
    });
    for (const file of ['package.json', 'README.md']) copyFileSync(join(source, file), join(target, file));
    copyFileSync(join(ROOT, 'LICENSE'), join(target, 'LICENSE'));
    printResult(`Built the package in ${target}. Pack it with: npm pack ${target}`);
  });

await runCommand(program);
