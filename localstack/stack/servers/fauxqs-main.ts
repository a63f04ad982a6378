/** Runs the patched fauxqs as an S3 server. Usage: fauxqs-main.ts PORT DIRECTORY */
import { buildPatchedFauxqs } from './patched-fauxqs.ts';

const [port, directory] = process.argv.slice(2);
if (port === undefined || directory === undefined) throw new Error('Usage: fauxqs-main.ts PORT DIRECTORY');

const app = await buildPatchedFauxqs(directory);
await app.listen({ port: Number(port), host: '127.0.0.1' });

process.once('SIGTERM', () => {
  app.server.closeAllConnections();
  void app.close();
});
