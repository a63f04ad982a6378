import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * `npm run build:event-sources`: builds `dist/event-sources`, a package that is ready for `npm pack`.
 *
 * It is compiled to JavaScript, because Node does not strip the types of files below `node_modules`.
 */
const root = join(import.meta.dirname, '..', '..');
const source = join(root, 'localstack', 'event-sources');
const target = process.argv[2] ?? join(root, 'dist', 'event-sources');
const compiler = createRequire(import.meta.url).resolve('typescript/package.json');

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
execFileSync(process.execPath, [join(compiler, '..', 'bin', 'tsc'), '-p', source, '--outDir', target], {
  stdio: 'inherit',
});
for (const file of ['package.json', 'README.md']) copyFileSync(join(source, file), join(target, file));
copyFileSync(join(root, 'LICENSE'), join(target, 'LICENSE'));
console.log(`Built the package in ${target}. Pack it with: npm pack ${target}`);
