import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
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
  codecs[CompressionTypes.ZSTD] = () => zstd;
  codecs[CompressionTypes.LZ4] = () => {
    const { compressFrame, decompressFrame } = requirePackage<Lz4>('lz4-napi', 'lz4');
    return { compress: ({ buffer }) => compressFrame(buffer), decompress: (buffer) => decompressFrame(buffer) };
  };
}

const zstd: Codec = {
  compress: async ({ buffer }) => promisify(zstdCompress)(buffer),
  decompress: async (buffer) => promisify(zstdDecompress)(buffer),
};

function requirePackage<T>(name: string, codec: string): T {
  try {
    return require(name) as T;
  } catch (cause) {
    throw new Error(`a record is compressed with ${codec}, which needs the package ${name}: npm install ${name}`, {
      cause,
    });
  }
}
