import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build, stop } from 'esbuild';
import { parse } from 'yaml';
import { FakeKafkaBroker } from '../../../support/fake-kafka-broker.ts';

const ROOT = resolve(__dirname, '../../../..');

/** The options with which the functions are bundled. */
function buildOptions(): BuildOptions {
  const service = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8'), { logLevel: 'silent' });
  const { bundle, format, target, platform, keepNames, banner, alias } = service.custom.esbuild;
  return { bundle, format, target, platform, keepNames, banner, alias };
}

describe('the Kafka adapters in a bundle', () => {
  let directory: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'kafka-bundle-'));
  });
  afterAll(async () => {
    rmSync(directory, { recursive: true });
    // The process of esbuild would outlive the tests.
    await stop();
  });

  /** Runs a script outside the repository, where it finds no packages, as on Lambda. */
  const runBundled = async (contents: string) => {
    const outfile = join(directory, 'bundle.mjs');
    await build({ ...buildOptions(), stdin: { contents, resolveDir: ROOT, loader: 'ts' }, outfile });
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [outfile], { cwd: directory });
    expect(stderr).toBe('');
    return stdout.trim();
  };

  it('publish', async () => {
    const broker = await FakeKafkaBroker.start({ topic: { name: 'changes', errorCodes: [0] } });
    try {
      const output = await runBundled(`
        import { KafkaRecordPublisher } from './functions/adapters/kafka/kafka-record-publisher.ts';
        const settings = { brokers: ['127.0.0.1:${broker.port}'], auth: 'none', clientId: 'bundle' };
        const publisher = new KafkaRecordPublisher(settings);
        await publisher.publish('changes', [{ key: 'k', value: 'größe' }]);
        await publisher.disconnect();
        console.log('published');`);

      expect(output).toBe('published');
      expect(broker.requests).toContain('Produce');
    } finally {
      await broker.stop();
    }
  });

  it('administer', async () => {
    const output = await runBundled(`
      import { createAdminClient } from './functions/adapters/kafka/kafka-client.ts';
      const kafka = await createAdminClient({ brokers: ['127.0.0.1:1'], auth: 'none', clientId: 'bundle' });
      console.log(typeof kafka.admin().connect);`);

    expect(output).toBe('function');
  });

  it('load no Kafka client when a function starts, because many of them need none', async () => {
    const { metafile } = await build({
      ...buildOptions(),
      stdin: {
        contents: `
          export * from './functions/adapters/kafka/kafka-record-publisher.ts';
          export * from './functions/adapters/kafka/kafka-topic-admin.ts';`,
        resolveDir: ROOT,
      },
      absWorkingDir: ROOT,
      metafile: true,
      write: false,
    });

    const loaded = new Set<string>();
    const load = (path: string): void => {
      if (loaded.has(path)) return;
      loaded.add(path);
      for (const { path: next, kind } of metafile.inputs[path]?.imports ?? [])
        if (kind !== 'dynamic-import') load(next);
    };
    load('<stdin>');

    expect(Object.keys(metafile.inputs).some((path) => path.includes('node_modules/@platformatic/kafka/'))).toBe(true);
    expect(loaded).toContain('functions/adapters/kafka/kafka-client.ts');
    expect([...loaded].filter((path) => /node_modules\/(@platformatic|kafkajs)\//.test(path))).toEqual([]);
  });
});
