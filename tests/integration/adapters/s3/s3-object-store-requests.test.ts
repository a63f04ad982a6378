import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createS3Client } from '../../../../functions/adapters/s3/s3-client.ts';
import { S3ObjectStore } from '../../../../functions/adapters/s3/s3-object-store.ts';
import type { FileArrival } from '../../../../functions/core/ingestion.ts';
import { readAll } from '../../../contract/object-store.ts';
import { useS3Environment } from '../../../support/s3-environment.ts';

const file: FileArrival = {
  bucket: 'salaries',
  key: 'a.csv',
  version: '1',
  versionId: null,
  sequencer: '1',
  eTag: 'e',
  sizeBytes: 1_000,
};

describe('S3ObjectStore, on a server that', () => {
  const environment = useS3Environment();
  let server: Server;

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  async function serve(listener: RequestListener): Promise<void> {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    environment.set(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  it('records requests: requests the version id or the ETag, and the range, and nothing else', async () => {
    const requests: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
    await serve(({ url, headers }, response) => {
      requests.push({ url, headers });
      response.writeHead(206, { 'content-length': 1 }).end('x');
    });
    const store = new S3ObjectStore(createS3Client());
    await readAll(await store.open({ ...file, version: 'v/1', versionId: 'v/1' }, 7));
    await readAll(await store.open(file, 0));
    const [versioned, unversioned] = requests;
    expect(versioned?.url).toMatch(/^\/salaries\/a\.csv\?(.*&)?versionId=v%2F1(&|$)/);
    expect(versioned?.headers).toMatchObject({ range: 'bytes=7-' });
    expect(versioned?.headers).not.toHaveProperty('if-match');
    expect(unversioned?.url).not.toContain('versionId');
    expect(unversioned?.headers).toMatchObject({ 'if-match': '"e"' });
    expect(unversioned?.headers).not.toHaveProperty('range');
  });

  it('closes the connection in the middle of the body: throws', async () => {
    await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 1_000, etag: '"e"' });
      response.write('x'.repeat(500), () => response.destroy());
    });
    const stream = await new S3ObjectStore(createS3Client()).open(file, 0);
    await expect(readAll(stream)).rejects.toThrow();
  });

  it('ends the body without a length: throws, because the body may be incomplete', async () => {
    await serve((_request, response) => {
      // Chunked encoding ends a body properly, whatever its length should have been.
      response.writeHead(200, { etag: '"e"' });
      response.end('x'.repeat(500));
    });
    const stream = await new S3ObjectStore(createS3Client()).open(file, 0);
    await expect(readAll(stream)).rejects.toMatchObject({ code: 'PIPE_OBJECT_TRUNCATED', retry: 'timed' });
  });

  it('stalls in the middle of the body: throws after the time limit', async () => {
    await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 1_000, etag: '"e"' });
      response.write('x'.repeat(500));
    });
    // Long enough for the head of the response, which this same process has to send.
    const stream = await new S3ObjectStore(createS3Client({ stallMs: 2_000 })).open(file, 0);
    await expect(readAll(stream)).rejects.toThrow(/timed out/);
  });
});
