/** Uses fauxqs without patches, and prints how it behaves as one JSON object. Usage: unpatched-fauxqs.ts DIRECTORY */
import { readFileSync } from 'node:fs';
import { type ListenOptions, Server } from 'node:net';
import { join } from 'node:path';
import { buildApp, startFauxqs } from 'fauxqs';

const directory = process.argv[2] ?? '';
const outcome = {
  listenHost: await findListenHost(),
  ...(await putObjects()),
  killedOverwriteLeaves: await overwriteAndFail(),
};
process.stdout.write(`${JSON.stringify(outcome)}\n`);

/** The address that it listens on when its option is the loopback address. */
async function findListenHost(): Promise<string | undefined> {
  let host: string | undefined;
  const listen = Server.prototype.listen as (options: ListenOptions, ...rest: unknown[]) => Server;
  Server.prototype.listen = function (this: Server, options: ListenOptions, ...rest: unknown[]) {
    host = options.host;
    return listen.call(this, { ...options, host: '127.0.0.1' }, ...rest);
  } as typeof Server.prototype.listen;
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  await server.stop();
  return host;
}

async function putObjects() {
  const app = buildApp({ logger: false });
  const put = async (url: string, payload: string | Buffer, headers: Record<string, string> = {}) =>
    (await app.inject({ method: 'PUT', url, payload, headers })).statusCode;
  await put('/bucket', '');
  const largePutStatus = await put('/bucket/large', Buffer.alloc(12 * 1024 ** 2), { 'content-type': 'text/csv' });
  const untypedEmptyPutStatus = await put('/bucket/empty', '');
  await put('/bucket/form', 'a,b', { 'content-type': 'application/x-www-form-urlencoded' });
  const formContent = (await app.inject({ method: 'GET', url: '/bucket/form' })).body;
  await app.close();
  return { largePutStatus, untypedEmptyPutStatus, formContent };
}

/** The data of an object after an overwrite that failed between the data and the metadata. */
async function overwriteAndFail(): Promise<string> {
  const modulePath = new URL('./s3/fileS3Persistence.js', import.meta.resolve('fauxqs')).href;
  const { FileS3Persistence } = await import(modulePath);
  const store = new FileS3Persistence(directory);
  const object = { key: 'key', contentType: 'text/csv', etag: '', lastModified: new Date(), metadata: {} };
  store.upsertObject('bucket', { ...object, body: 'previous' });
  const metadata = {
    toJSON() {
      throw new Error('killed');
    },
  };
  try {
    store.upsertObject('bucket', { ...object, body: 'next', metadata });
  } catch {
    // Expected: what is on disk counts.
  }
  return readFileSync(join(directory, 'buckets', 'bucket', 'objects', 'key.data'), 'utf8');
}
