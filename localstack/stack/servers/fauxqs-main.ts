/**
 * Runs fauxqs as an S3 server on the loopback address.
 *
 * Its own start listens on every address, so it is put together here from its parts, two of which it does not export;
 * its version is pinned.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mendObjectFiles, type ObjectWriter, writeObjectsAtomically } from './atomic-object-files.ts';

/** What S3 takes in one request. fauxqs stops at 11 MiB and answers a larger file that is not put in parts with 413. */
const MAX_REQUEST_BYTES = 5 * 1024 ** 3;

const [portText, directory] = process.argv.slice(2);
if (portText === undefined || directory === undefined) throw new Error('usage: fauxqs-main.ts PORT DIRECTORY');

interface Persistence extends ObjectWriter {
  loadS3(store: object): void;
  close(): void;
}

const entry = import.meta.resolve('fauxqs');
const { buildApp } = await import('fauxqs');
const { S3Store } = (await import(new URL('./s3/s3Store.js', entry).href)) as {
  S3Store: new () => { persistence?: Persistence };
};
const { FileS3Persistence } = (await import(new URL('./s3/fileS3Persistence.js', entry).href)) as {
  FileS3Persistence: new (directory: string) => Persistence;
};

const stagingDirectory = join(directory, '_staging');
rmSync(stagingDirectory, { recursive: true, force: true });
mkdirSync(directory, { recursive: true });
mendObjectFiles(directory);
const s3Store = new S3Store();
const persistence = new FileS3Persistence(directory);
writeObjectsAtomically(persistence, new FileS3Persistence(stagingDirectory), directory, stagingDirectory);
persistence.loadS3(s3Store);
s3Store.persistence = persistence;

const app = buildApp({ logger: false, stores: { s3Store } as never });
app.removeContentTypeParser('*');
app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_REQUEST_BYTES }, (_request, body, done) => {
  done(null, body);
});
app.addHook('onRequest', ({ method, headers }, _reply, done) => {
  // An empty object is put without a type, which fauxqs answers with an error that S3 does not know. Of one that is said
  // to be a form, as curl says unless told otherwise, it would keep a text, not the bytes.
  const isForm = headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  if (headers['content-type'] === undefined || (method === 'PUT' && isForm)) {
    headers['content-type'] = 'application/octet-stream';
  }
  done();
});
app.addHook('preClose', () => persistence.close());
await app.listen({ port: Number(portText), host: '127.0.0.1' });

process.once('SIGTERM', () => {
  app.server.closeAllConnections();
  void app.close();
});
