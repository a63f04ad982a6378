import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { unusedModules } from '../../../../localstack/stack/service/unused-modules.ts';

const directory = mkdtempSync(join(tmpdir(), 'unused-modules-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The modules that a bundle of this code consists of. */
async function bundledModules(code: string): Promise<readonly string[]> {
  const input = join(directory, 'input.ts');
  writeFileSync(input, code);
  const { metafile } = await build({
    ...{ bundle: true, format: 'esm', platform: 'node', entryPoints: [input], write: false, metafile: true },
    outdir: directory,
    nodePaths: [join(__dirname, '../../../../node_modules')],
    alias: { '@platformatic/wasm-utils': '@platformatic/wasm-utils/bundled' },
    plugins: [unusedModules()],
  });
  const [output] = Object.values(metafile.outputs);
  return Object.entries(output?.inputs ?? {}).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []));
}

test('a Kafka client is bundled without the schema registries and their Avro library', async () => {
  const modules = await bundledModules(`import { Producer } from '@platformatic/kafka'; console.log(Producer);`);
  expect(modules.some((path) => path.endsWith('kafka/dist/clients/producer/producer.js'))).toBe(true);
  expect(modules.filter((path) => /\/avsc\/|\/ajv-draft-04\/|confluent-schema-registry/.test(path))).toEqual([]);
});

test('a schema registry that is used is bundled with its Avro library', async () => {
  const modules = await bundledModules(
    `import { ConfluentSchemaRegistry } from '@platformatic/kafka'; console.log(ConfluentSchemaRegistry);`,
  );
  expect(modules.some((path) => path.includes('/avsc/'))).toBe(true);
});
