import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { putIntoBucket } from '../../../localstack/commands/bucket.ts';

describe('a bucket that refuses an object', () => {
  let server: Server;
  let endpoint: string;
  let status: number;

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      const body = '<Error><Code>XMinioInvalidObjectName</Code><Message>Invalid name.</Message></Error>';
      request.on('end', () => response.writeHead(status, { 'content-type': 'application/xml' }).end(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each([
    [400, 'choose another key with --key.'],
    [403, 'check that the stack is running, with "npm run status", or start it with "npm start".'],
    // The client retries this one after 0.1 s and 0.2 s.
    [507, 'free space on the disk, then repeat the command.'],
  ])('with status %d leads to a message that says what to do', async (answered, remedy) => {
    status = answered;
    const s3 = { endpoint, region: 'us-east-1', bucket: 'salaries', accessKeyId: 'a', secretAccessKey: 'b' };
    await expect(putIntoBucket(s3, './c.csv', Readable.from(['x']))).rejects.toThrow(
      `The bucket salaries at ${endpoint} did not accept ./c.csv (Invalid name): ${remedy}`,
    );
  });
});
