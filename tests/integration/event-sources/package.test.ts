import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

jest.setTimeout(300_000);

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');

interface Manifest {
  readonly name: string;
  readonly bin: Record<string, string>;
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'event-sources-package-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('the package of the event sources runs elsewhere with no packages but those that it names', async () => {
  const packable = join(directory, 'packable');
  await run(process.execPath, [join(root, 'localstack', 'commands', 'build-event-sources.ts'), packable]);
  await run('npm', ['pack', packable, '--pack-destination', directory], { cwd: directory });
  const { name, bin, dependencies } = JSON.parse(await readFile(join(packable, 'package.json'), 'utf8')) as Manifest;

  // What `npm install FILE` would do in an empty project, without the network.
  const modules = join(directory, 'project', 'node_modules');
  const installed = join(modules, name);
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(directory, `${name}-0.1.0.tgz`), '-C', installed, '--strip-components=1']);
  for (const dependency of Object.keys(dependencies)) {
    await mkdir(dirname(join(modules, dependency)), { recursive: true });
    await symlink(join(root, 'node_modules', dependency), join(modules, dependency));
  }
  expect(existsSync(join(installed, 'README.md')) && existsSync(join(installed, 'LICENSE'))).toBe(true);

  const program = join(installed, bin['event-sources'] ?? '');
  const { stdout } = await run(process.execPath, [program, '--help']);
  expect(stdout).toMatch(/^Usage: event-sources --template FILE/);
  const template = join(directory, 'template.json');
  await writeFile(template, JSON.stringify({ Resources: { Fn: { Type: 'AWS::Lambda::Function' } } }));
  const withoutSources = run(process.execPath, [program, '--template', template, '--lambda', 'http://127.0.0.1:1']);
  await expect(withoutSources).rejects.toMatchObject({ stderr: expect.stringMatching(/nothing to do/) });
  const imports = ['', '/event-sources'].map((entry) => `await import('${name}${entry}');`).join('');
  await run(process.execPath, ['--input-type=module', '-e', imports], { cwd: join(directory, 'project') });
});

/** Packages with a file `patched-<package>.ts`, which is made for one version. */
async function findPatchedPackages(): Promise<string[]> {
  const files = await readdir(join(root, 'localstack', 'event-sources'), { recursive: true });
  return files.flatMap((file) => /patched-([^/]+)\.ts$/.exec(file)?.[1] ?? []);
}

test('its manifest names the versions that the tests use, and pins the packages that it patches', async () => {
  const manifest = JSON.parse(
    await readFile(join(root, 'localstack', 'event-sources', 'package.json'), 'utf8'),
  ) as Manifest;
  const patched = await findPatchedPackages();
  expect(patched.length).toBeGreaterThan(0);
  const named = { ...manifest.dependencies, ...manifest.peerDependencies };
  for (const [dependency, range] of Object.entries(named)) {
    const { version } = JSON.parse(await readFile(join(root, 'node_modules', dependency, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(`${dependency} ${range}`).toBe(`${dependency} ${patched.includes(dependency) ? '' : '^'}${version}`);
  }
  expect(Object.keys(named)).toEqual(expect.arrayContaining(patched));
});
