/*
 * Loaded before every command of the local stack (`node --import`), so that an incomplete `npm ci` is reported in one line
 * instead of by the stack trace of a failed import. It is JavaScript that old versions of Node can run too.
 */
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const MIN_NODE_VERSION = 24;

/**
 * @param {string} version of Node
 * @param {string} root of the project
 * @returns {string | undefined} what is missing, and the command that gets it
 */
export function findMissing(version, root) {
  const modules = join(root, 'node_modules');
  if (!existsSync(modules)) return `The packages of this project are not installed in ${modules}: run "npm ci".`;
  // A development dependency. NODE_ENV=production and `npm config set omit dev` leave these out.
  if (!existsSync(join(modules, 'serverless', 'package.json'))) {
    return `The development packages of this project are not installed in ${modules}: run "npm ci --include=dev".`;
  }
  if (Number.parseInt(version, 10) >= MIN_NODE_VERSION) return undefined;
  const found = `Expected Node ${MIN_NODE_VERSION} or newer, but found ${version} (${process.execPath})`;
  const isInstalled = existsSync(join(modules, '.bin', 'node'));
  if (isInstalled) return `${found}, although npm installed another: start the command with "npm run".`;
  return `${found}, because the install script of the npm package "node" did not run: run "npm rebuild node --ignore-scripts=false", or install Node ${MIN_NODE_VERSION}.`;
}

// Worker threads inherit the option.
if (isMainThread) {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..');
  const missing = findMissing(process.versions.node, root);
  if (missing !== undefined) {
    console.error(missing);
    process.exit(1);
  }
  // Node stores what it has compiled there, so that the next command takes half of the CPU time to start.
  // The variable also reaches the process of the functions.
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'node-compile');
  nodeModule.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  // With this variable, importing `pg` fails unless an optional package is installed.
  delete process.env.NODE_PG_FORCE_NATIVE;
  // Servers find the programs of this project's packages, whatever PATH npm was started with.
  process.env.PATH ??= ['/usr/local/bin', '/usr/bin', '/bin'].join(delimiter);
}
