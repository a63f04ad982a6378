import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { bundleTogether } from '../../../../localstack/stack/service/bundle-together.ts';

const serviceDir = mkdtempSync(join(tmpdir(), 'bundle-together-'));
const outdir = join(serviceDir, '.esbuild/.build');
const NAMES = ['one', 'two', 'three'];
const functions = Object.fromEntries(NAMES.map((name) => [name, { handler: `functions/${name}/handler.handler` }]));

beforeAll(() => {
  writeFileSync(join(serviceDir, 'shared.ts'), 'export const marker: string = "what all functions share";');
  for (const name of NAMES) {
    mkdirSync(join(serviceDir, 'functions', name), { recursive: true });
    writeFileSync(
      join(serviceDir, 'functions', name, 'handler.ts'),
      'export { marker as handler } from "../../shared.ts";',
    );
  }
});

beforeEach(() => rmSync(outdir, { recursive: true, force: true }));

afterAll(() => rmSync(serviceDir, { recursive: true, force: true }));

/** As serverless-esbuild does: one build a function, all at once. */
async function bundleEach(command: string): Promise<Record<string, string>> {
  const plugins = bundleTogether({ serviceDir, processedInput: { commands: [command] }, service: { functions } });
  await Promise.all(
    NAMES.map((name) => {
      const entry = `functions/${name}/handler.ts`;
      return build({
        ...{ bundle: true, format: 'esm', outExtension: { '.js': '.mjs' }, absWorkingDir: serviceDir, plugins },
        entryPoints: [entry],
        outdir: join(outdir, dirname(entry)),
      });
    }),
  );
  const files = readdirSync(outdir, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.mjs'));
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(outdir, file), 'utf8')]));
}

const handlers = NAMES.map((name) => `functions/${name}/handler.mjs`).sort();

test('serverless offline writes what functions share once, and each handler where serverless-offline looks for it', async () => {
  const files = await bundleEach('offline');
  expect(
    Object.keys(files)
      .filter((file) => file.startsWith('functions/'))
      .sort(),
  ).toEqual(handlers);
  expect(Object.entries(files).filter(([, code]) => code.includes('what all functions share'))).toHaveLength(1);
  const { handler } = (await import(join(outdir, handlers[0] ?? ''))) as { handler: string };
  expect(handler).toBe('what all functions share');
});

test('a package has a complete file for each function', async () => {
  const files = await bundleEach('package');
  expect(Object.keys(files).sort()).toEqual(handlers);
  for (const code of Object.values(files)) expect(code).toContain('what all functions share');
});
