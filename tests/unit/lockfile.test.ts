import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

interface Lock {
  readonly packages: Record<string, { readonly optionalDependencies?: Record<string, string> }>;
}

const root = resolve(import.meta.dirname, '../..');
const { packages } = JSON.parse(readFileSync(resolve(root, 'package-lock.json'), 'utf8')) as Lock;

test('locks the packages of every platform, also of those that the lock was not written on', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`${path}/node_modules/${name}` in packages || `node_modules/${name}` in packages),
    ),
  );

  // npm leaves out what its registry could not deliver at that moment, and then `npm ci` refuses the lock.
  expect(missing).toEqual([]);
});
