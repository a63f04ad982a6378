import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build, stop } from 'esbuild';
import produce, { type ProduceOptions } from 'kafkajs/src/protocol/requests/produce/index.js';
import { installFastProduce } from '../../../../functions/adapters/kafka/fast-produce.ts';

const options: ProduceOptions = {
  acks: -1,
  timeout: 30_000,
  topicData: [
    {
      topic: 'employee-salaries',
      partitions: [{ partition: 0, firstSequence: 3, messages: [{ value: 'größe', timestamp: '1700000000000' }] }],
    },
  ],
};
const encode = async (version: number, more: Partial<ProduceOptions> = {}) => {
  const { request } = produce.protocol({ version })({ ...options, ...more });
  return (await request.encode()).buffer.toString('hex');
};

describe('installFastProduce', () => {
  // The process of esbuild would outlive the tests.
  afterAll(() => stop());

  it('changes how requests are encoded, not what they become, and leaves compressed ones to kafkajs', async () => {
    const gzip = { compression: 1 };
    const before = [await encode(7), await encode(3), await encode(7, gzip)];
    const original = produce.protocol;

    installFastProduce();

    expect(produce.protocol).not.toBe(original);
    expect([await encode(7), await encode(3), await encode(7, gzip)]).toEqual(before);
  });

  it('reaches the producer also where everything is bundled into one module', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bundle-'));
    try {
      const outfile = join(directory, 'bundle.mjs');
      await build({
        stdin: {
          contents: `import { requests } from 'kafkajs/src/protocol/requests/index.js';
            import { installFastProduce } from './functions/adapters/kafka/fast-produce.ts';
            const before = requests.Produce.protocol;
            installFastProduce();
            console.log(before !== requests.Produce.protocol);`,
          resolveDir: resolve(__dirname, '../../../..'),
        },
        bundle: true,
        minify: true,
        platform: 'node',
        format: 'esm',
        banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
        outfile,
      });
      expect(execFileSync(process.execPath, [outfile], { encoding: 'utf8' }).trim()).toBe('true');
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
