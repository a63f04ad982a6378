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

const zstd: Codec = {
  compress: async ({ buffer }) => promisify(zstdCompress)(buffer),
  decompress: async (buffer) => promisify(zstdDecompress)(buffer),
};

function optionalPackage<T>(name: string, codec: string): T {
  try {
    return require(name) as T;
  } catch (cause) {
    throw new Error(`a record is compressed with ${codec}, which needs the package ${name}: npm install ${name}`, {
      cause,
    });
  }
}

/** Teaches kafkajs the codecs that it lacks. The packages are only loaded when a record needs them. */
export function registerCodecs(): void {
  const codecs = CompressionCodecs as unknown as Record<number, () => Codec>;
  codecs[CompressionTypes.Snappy] = () => optionalPackage<() => Codec>('kafkajs-snappy', 'snappy')();
  codecs[CompressionTypes.ZSTD] = () => zstd;
  codecs[CompressionTypes.LZ4] = () => {
    const lz4 = optionalPackage<{
      compressFrame(data: Buffer): Promise<Buffer>;
      decompressFrame(data: Buffer): Promise<Buffer>;
    }>('lz4-napi', 'lz4');
    return {
      compress: ({ buffer }) => lz4.compressFrame(buffer),
      decompress: (buffer) => lz4.decompressFrame(buffer),
    };
  };
}
