import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Producer } from '@platformatic/kafka';
import { build } from 'esbuild';
import { lazyValidators } from '../../../../localstack/stack/service/lazy-validators.ts';

const directory = mkdtempSync(join(tmpdir(), 'lazy-validators-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The exports of a bundled module. */
async function load(name: string, code: string): Promise<Record<string, never>> {
  const [input, outfile] = [join(directory, `${name}.ts`), join(directory, `${name}.cjs`)];
  writeFileSync(input, code);
  await build({
    ...{ bundle: true, format: 'cjs', platform: 'node', entryPoints: [input], outfile },
    nodePaths: [join(__dirname, '../../../../node_modules')],
    // CommonJS, which Jest loads without a flag, has no `import.meta`.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(outfile).href) },
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    plugins: [lazyValidators()],
  });
  return (await import(outfile)) as Record<string, never>;
}

test('a schema is compiled when its validator is called for the first time', async () => {
  const { validate } = (await load(
    'schema',
    `import { Ajv2020 } from 'ajv/dist/2020.js';
     export const validate = new Ajv2020().compile({ type: 'unknown type' });`,
  )) as unknown as { validate: (data: unknown) => boolean };
  expect(() => validate(1)).toThrow('schema is invalid');
});

test('a bundled Kafka client refuses options with the message of one that is not bundled', async () => {
  const { attempt } = (await load(
    'client',
    `import { pathToFileURL } from 'node:url';
import { Producer } from '@platformatic/kafka';
     export const attempt = (options) => new Producer(options);`,
  )) as unknown as { attempt: (options: object) => object };
  const valid = { clientId: 'id', bootstrapBrokers: ['a:1'], strict: true };
  expect(() => attempt(valid)).not.toThrow();
  for (const options of [
    { ...valid, timeout: 'soon' },
    { ...valid, retries: [] },
  ]) {
    const messageOf = (create: (options: object) => object) => {
      try {
        return create(options);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(messageOf(attempt)).toEqual(messageOf((invalid) => new Producer(invalid as never)));
    expect(messageOf(attempt)).toEqual(expect.stringContaining('must'));
  }
});
