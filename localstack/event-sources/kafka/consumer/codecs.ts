import { createRequire } from 'node:module';
import { promisify } from 'node:util';
// Not by name, because Node 20 has no zstd.
import zlib from 'node:zlib';
import kafkajs from 'kafkajs';

const require = createRequire(import.meta.url);
const { CompressionCodecs, CompressionTypes } = kafkajs;

interface Codec {
  compress(encoder: { buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

interface Lz4 {
  compressFrame(data: Buffer): Promise<Buffer>;
  decompressFrame(data: Buffer): Promise<Buffer>;
}

/** Registers the codecs that kafkajs lacks. Their packages are loaded when the first record needs them. */
export function registerCodecs(): void {
  const codecs = CompressionCodecs as unknown as Record<number, () => Codec>;
  codecs[CompressionTypes.Snappy] = () => requirePackage<() => Codec>('kafkajs-snappy', 'snappy')();
  codecs[CompressionTypes.ZSTD] = () => (zlib.zstdDecompress === undefined ? zstdOfPackage() : zstdOfNode);
  codecs[CompressionTypes.LZ4] = () => {
    const { compressFrame, decompressFrame } = requirePackage<Lz4>('lz4-napi', 'lz4');
    return { compress: ({ buffer }) => compressFrame(buffer), decompress: (buffer) => decompressFrame(buffer) };
  };
}

const zstdOfNode: Codec = {
  compress: async ({ buffer }) => promisify(zlib.zstdCompress)(buffer),
  decompress: async (buffer) => promisify(zlib.zstdDecompress)(buffer),
};

/** In plain JavaScript. It only decompresses, which is all that an event source needs. */
function zstdOfPackage(): Codec {
  const { decompress } = requirePackage<{ decompress(data: Uint8Array): Uint8Array }>('fzstd', 'zstd');
  return {
    compress: async () => Promise.reject(new Error('to compress with zstd, use Node 22.15 or newer')),
    decompress: async (buffer) => Buffer.from(decompress(buffer)),
  };
}

function requirePackage<T>(name: string, codec: string): T {
  try {
    return require(name) as T;
  } catch (cause) {
    throw new Error(`a record is compressed with ${codec}, which needs the package ${name}: npm install ${name}`, {
      cause,
    });
  }
}
