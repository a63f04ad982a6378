import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createS3Client } from '../../functions/adapters/s3/s3-client.ts';
import { S3ObjectStore } from '../../functions/adapters/s3/s3-object-store.ts';
import type { FileArrival } from '../../functions/core/ingestion.ts';
import type { S3ServerKind } from '../../localstack/stack/servers/stack-servers.ts';
import { findMinio } from '../../localstack/stack/tools/minio.ts';
import { TEST_CREDENTIALS, TestS3Server } from '../support/s3-server.ts';

const KEY = '2026/Employee Salaries + 100% Zürich.csv';
const BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));

let previousEnvironment: NodeJS.ProcessEnv;

/** The client as the functions make it: all it knows comes from the SDK's own variables. */
function createStore(endpoint: string): S3ObjectStore {
  process.env['AWS_ENDPOINT_URL_S3'] = endpoint;
  process.env['AWS_REGION'] = 'eu-central-1';
  process.env['AWS_ACCESS_KEY_ID'] = TEST_CREDENTIALS.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = TEST_CREDENTIALS.secretAccessKey;
  return new S3ObjectStore(createS3Client());
}

async function readAll(stream: AsyncIterable<Uint8Array> | null): Promise<Buffer> {
  if (stream === null) throw new Error('expected the object to be there');
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

beforeAll(() => {
  previousEnvironment = { ...process.env };
});

afterAll(() => {
  process.env = previousEnvironment;
});

const servers: S3ServerKind[] = findMinio() ? ['fauxqs', 'minio'] : ['fauxqs'];
if (!findMinio()) console.warn('no MinIO at hand (MINIO_BIN or PATH): buckets that keep versions are not tested');

describe.each(servers)('the object store, at %s', (kind) => {
  let server: TestS3Server;
  let client: S3Client;
  let store: S3ObjectStore;
  let buckets = 0;

  beforeAll(async () => {
    server = await TestS3Server.start(kind);
    client = server.createClient();
    store = createStore(server.endpoint);
  });

  afterAll(async () => {
    client.destroy();
    await server.dispose();
  });

  async function createBucket(isVersioned: boolean): Promise<string> {
    buckets += 1;
    const Bucket = `bucket-${buckets}`;
    await client.send(new CreateBucketCommand({ Bucket }));
    if (isVersioned) {
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    }
    return Bucket;
  }

  /** Puts an object and tells of it as an event would. */
  async function put(bucket: string, bytes: Buffer, type?: string): Promise<FileArrival> {
    const { ETag, VersionId } = await client.send(
      new PutObjectCommand({ Bucket: bucket, Key: KEY, Body: bytes, ContentType: type }),
    );
    const versionId = VersionId ?? null;
    const eTag = ETag?.replaceAll('"', '') ?? '';
    return { bucket, key: KEY, version: versionId ?? '1', versionId, sequencer: '1', eTag, sizeBytes: bytes.length };
  }

  // fauxqs keeps no versions.
  const kinds: [string, boolean][] = [['without versions', false]];
  if (kind === 'minio') kinds.push(['with versions', true]);

  describe.each(kinds)('in a bucket %s', (_, isVersioned) => {
    it('reads an object whole, and from any byte on', async () => {
      const file = await put(await createBucket(isVersioned), BYTES);
      expect(file.versionId !== null).toBe(isVersioned);
      expect((await readAll(await store.open(file, 0))).equals(BYTES)).toBe(true);
      for (const byteOffset of [1, 100_000, BYTES.length - 1]) {
        expect((await readAll(await store.open(file, byteOffset))).equals(BYTES.subarray(byteOffset))).toBe(true);
      }
    });

    it('reads nothing from the end of an object, and of an empty one', async () => {
      const bucket = await createBucket(isVersioned);
      expect(await readAll(await store.open(await put(bucket, BYTES), BYTES.length))).toHaveLength(0);
      expect(await readAll(await store.open(await put(bucket, Buffer.alloc(0)), 0))).toHaveLength(0);
    });

    it.each([undefined, 'text/csv', 'text/plain', 'application/json', 'application/x-www-form-urlencoded'])(
      'reads a large object that was put in one request, its type being %s',
      async (type) => {
        const bytes = Buffer.alloc(24 * 1024 * 1024, BYTES);
        const file = await put(await createBucket(isVersioned), bytes, type);
        expect((await readAll(await store.open(file, 0))).equals(bytes)).toBe(true);
      },
    );

    it('knows which version is the latest, by what the bucket returns for the key', async () => {
      const bucket = await createBucket(isVersioned);
      const older = await put(bucket, BYTES);
      expect(await store.isLatest(older)).toBe(true);
      const newer = await put(bucket, Buffer.from('newer'));
      expect(await store.isLatest(older)).toBe(false);
      expect(await store.isLatest(newer)).toBe(true);
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: KEY }));
      expect(await store.isLatest(newer)).toBe(false);
    });

    it('says of an object that never was that it is gone', async () => {
      const file = await put(await createBucket(isVersioned), BYTES);
      const other = { ...file, key: 'never.csv' };
      expect(await store.open(other, 0)).toBeNull();
      expect(await store.isLatest(other)).toBe(false);
    });

    it('throws when the bucket is missing: that says nothing of the object', async () => {
      const file = await put(await createBucket(isVersioned), BYTES);
      await expect(store.open({ ...file, bucket: 'missing' }, 0)).rejects.toThrow();
    });
  });

  it('never reads other bytes than those of the version, where the bucket keeps only the newest', async () => {
    const bucket = await createBucket(false);
    const older = await put(bucket, BYTES);
    const newer = await put(bucket, Buffer.from('newer'));
    expect(await store.open(older, 0)).toBeNull();
    expect(await store.open(older, 100)).toBeNull();
    expect((await readAll(await store.open(newer, 0))).toString()).toBe('newer');
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: KEY }));
    expect(await store.open(newer, 0)).toBeNull();
  });

  // fauxqs keeps no versions.
  (kind === 'minio' ? it : it.skip)('reads an older version as long as the bucket keeps it', async () => {
    const bucket = await createBucket(true);
    const older = await put(bucket, BYTES);
    await put(bucket, Buffer.from('newer'));
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: KEY }));
    expect((await readAll(await store.open(older, 0))).equals(BYTES)).toBe(true);
    const VersionId = older.versionId ?? '';
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: KEY, VersionId }));
    expect(await store.open(older, 0)).toBeNull();
  });

  it('throws while the server is away, and reads again once it is back', async () => {
    const file = await put(await createBucket(false), BYTES);
    await server.kill();
    await expect(store.open(file, 0)).rejects.toThrow();
    await expect(store.isLatest(file)).rejects.toThrow();
    await server.start();
    expect((await readAll(await store.open(file, 0))).equals(BYTES)).toBe(true);
  });
});

describe('the object store, at a server that breaks in the middle', () => {
  const file: FileArrival = {
    bucket: 'salaries',
    key: 'a.csv',
    version: '1',
    versionId: null,
    sequencer: '1',
    eTag: 'e',
    sizeBytes: 1_000,
  };

  let server: Server;

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  async function openAt(
    answer: (response: ServerResponse) => void,
    store = createStore,
  ): Promise<AsyncIterable<Uint8Array>> {
    server = createServer((_request, response) => answer(response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const stream = await store(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).open(file, 0);
    if (stream === null) throw new Error('expected an answer with a body');
    return stream;
  }

  it('asks for the version id where there is one, from the byte on, and for nothing else', async () => {
    const requests: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
    server = createServer(({ url, headers }, response) => {
      requests.push({ url, headers });
      response.writeHead(206, { 'content-length': 1 }).end('x');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const store = createStore(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
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

  it('throws when the connection breaks', async () => {
    const stream = await openAt((response) => {
      response.writeHead(200, { 'content-length': 1_000, etag: '"e"' });
      response.write('x'.repeat(500), () => response.destroy());
    });
    await expect(readAll(stream)).rejects.toThrow();
  });

  it('throws when the body ends before its length without the connection telling', async () => {
    const stream = await openAt((response) => {
      // Chunks end a body properly whatever its length was to be.
      response.writeHead(200, { etag: '"e"' });
      response.end('x'.repeat(500));
    });
    await expect(readAll(stream)).rejects.toMatchObject({ code: 'PIPE_OBJECT_TRUNCATED', retry: 'timed' });
  });

  it('throws when the body stands still', async () => {
    const stream = await openAt(
      (response) => {
        response.writeHead(200, { 'content-length': 1_000, etag: '"e"' });
        response.write('x'.repeat(500));
      },
      (endpoint) => {
        process.env['AWS_ENDPOINT_URL_S3'] = endpoint;
        // Long enough for the head of the answer, which this same process has to send.
        return new S3ObjectStore(createS3Client({ stallMs: 2_000 }));
      },
    );
    await expect(readAll(stream)).rejects.toThrow(/timed out/);
  });
});
