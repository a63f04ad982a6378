import zlib from 'node:zlib';
import kafkajs from 'kafkajs';
import { registerCodecs } from '../../../../../localstack/event-sources/kafka/consumer/codecs.ts';

const { CompressionCodecs, CompressionTypes } = kafkajs;
const text = Buffer.from('a record, '.repeat(100));

async function decompress(bytes: Buffer): Promise<Buffer> {
  registerCodecs();
  const codecs = CompressionCodecs as unknown as Record<number, () => { decompress(bytes: Buffer): Promise<Buffer> }>;
  return (codecs[CompressionTypes.ZSTD] as (typeof codecs)[number])().decompress(bytes);
}

test('zstd is decompressed by Node', async () => {
  expect(await decompress(zlib.zstdCompressSync(text))).toEqual(text);
});

test('zstd is decompressed by a package where Node has none, as version 20 does', async () => {
  const { zstdDecompress } = zlib;
  const compressed = zlib.zstdCompressSync(text);
  Object.assign(zlib, { zstdDecompress: undefined });
  try {
    expect(await decompress(compressed)).toEqual(text);
  } finally {
    Object.assign(zlib, { zstdDecompress });
  }
});
