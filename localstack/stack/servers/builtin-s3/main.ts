/** Runs the built-in S3 server. Usage: main.ts PORT DIRECTORY, with the credentials in two environment variables. */
import { createS3HttpServer } from './http-server.ts';
import { ObjectStore } from './storage/object-store.ts';

const [port, directory] = process.argv.slice(2);
const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = process.env;
if (port === undefined || directory === undefined || accessKeyId === undefined || secretAccessKey === undefined) {
  throw new Error('Usage: S3_ACCESS_KEY_ID=… S3_SECRET_ACCESS_KEY=… main.ts PORT DIRECTORY');
}

const store = new ObjectStore(directory);
const server = createS3HttpServer(store, { accessKeyId, secretAccessKey });
server.listen(Number(port), '127.0.0.1');

process.once('SIGTERM', () => {
  server.close(() => store.close());
  server.closeAllConnections();
});
