import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';

/** The package of one function, as `npm run package` writes it. */
export interface PackagedFunction {
  readonly name: string;
  readonly zippedBytes: number;
  readonly unpackedBytes: number;
  /** By path in the package. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** A function of the framework, for the notification of a bucket that another stack creates. */
const OF_FRAMEWORK = 'custom-resources.zip';

/** The packages of our functions in a folder, sorted by name. */
export async function readPackages(directory: string): Promise<readonly PackagedFunction[]> {
  const zips = (await readdir(directory)).filter((file) => file.endsWith('.zip') && file !== OF_FRAMEWORK).sort();
  return Promise.all(
    zips.map(async (zip) => {
      const bytes = await readFile(join(directory, zip));
      const files = unzipSync(bytes);
      const unpackedBytes = Object.values(files).reduce((sum, { byteLength }) => sum + byteLength, 0);
      return { name: zip.replace(/\.zip$/, ''), zippedBytes: bytes.byteLength, unpackedBytes, files };
    }),
  );
}

/** Unpacks a function into a folder of its own, as Lambda does, and returns the path of its module. */
export async function unpack({ name, files }: PackagedFunction, directory: string): Promise<string> {
  const root = join(directory, name);
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), bytes);
  }
  return join(root, 'functions', name, 'handler.mjs');
}
