import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { eventually } from '../../support/eventually.ts';
import { frame } from './chunked-body.ts';
import { listKeys, readObject, type Subject, signedHeaders } from './subject.ts';

const MEGABYTE = 1_000_000;
const LARGE_BYTES = 100 * MEGABYTE;
/** Less than the object, so that a server which holds whole objects fails. */
const MAX_GROWTH_BYTES = 70 * MEGABYTE;

/** Rules for what survives crashes, vanished clients and a full disk, and for what the server needs of the machine. */
export function describeDurability(getSubject: () => Subject, { isMinio }: { readonly isMinio: boolean }): void {
  const put = (key: string, Body: Buffer | string | Readable, input: object = {}) => {
    const { client, bucket } = getSubject();
    return client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body, ...input }));
  };

  /** Begins a PUT and sends half of its body. */
  const beginPut = async (key: string, body: Buffer, headers: Record<string, string> = {}): Promise<ClientRequest> => {
    const { server, bucket } = getSubject();
    const path = `/${bucket}/${key}`;
    const { hostname, port } = new URL(server.endpoint);
    const signed = await signedHeaders(server, { method: 'PUT', path, headers });
    const sent = request({ hostname, port, path, method: 'PUT', agent: false });
    for (const [name, value] of Object.entries({ ...signed, 'content-length': String(body.length) })) {
      sent.setHeader(name, value);
    }
    sent.on('error', () => {});
    await new Promise<void>((resolve) => sent.write(body.subarray(0, body.length / 2), () => resolve()));
    return sent;
  };

  describe('durability', () => {
    const half = Buffer.alloc(4 * MEGABYTE, 'half');
    const chunkedHeaders = {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': String(half.length),
    };

    it.each([
      ['plain', half, {}],
      ['chunked', frame([half]), chunkedHeaders],
    ])('stores nothing of a %s upload whose client vanishes', async (_, body, headers) => {
      await put('replaced', 'old');
      for (const key of ['replaced', 'new']) (await beginPut(key, body, headers)).destroy();
      // By then the server has noticed: the connections were closed before this request.
      await put('other', 'x');
      expect((await readObject(getSubject(), 'replaced')).toString()).toBe('old');
      expect(await listKeys(getSubject())).toEqual(['other', 'replaced']);
    });

    it('keeps objects over a kill -9, and nothing of an upload under way', async () => {
      const { server } = getSubject();
      const metadata = { ContentType: 'text/csv', Metadata: { a: '1' } };
      await put('kept ü/1', 'content', metadata);
      await put('replaced', 'old');
      const sent = [await beginPut('replaced', half), await beginPut('new', half)];
      await server.kill();
      for (const each of sent) each.destroy();
      await server.start();
      expect(await listKeys(getSubject())).toEqual(['kept ü/1', 'replaced']);
      expect((await readObject(getSubject(), 'replaced')).toString()).toBe('old');
      const { client, bucket } = getSubject();
      const head = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: 'kept ü/1' }));
      expect(head).toMatchObject({ ...metadata, ContentLength: 7 });
      expect((await readObject(getSubject(), 'kept ü/1')).toString()).toBe('content');
    });

    it('has every acknowledged object, and every other one old or new, after a kill -9 amid overwrites', async () => {
      const { server } = getSubject();
      const bodyOf = (version: number) => Buffer.alloc(200_000, `v${version};`);
      const acknowledged = new Map<string, number>();
      const writers = ['a', 'b', 'c', 'd'].map(async (key) => {
        for (let version = 1; ; version++) {
          await put(key, bodyOf(version));
          acknowledged.set(key, version);
        }
      });
      const ended = Promise.allSettled(writers);
      await eventually(() => [...acknowledged.values()].filter((version) => version >= 5).length === 4);
      await server.kill();
      await ended;
      await server.start();
      for (const [key, version] of acknowledged) {
        const bytes = await readObject(getSubject(), key);
        expect([bodyOf(version), bodyOf(version + 1)].some((whole) => whole.equals(bytes))).toBe(true);
      }
    });

    // MinIO aborts the read.
    (isMinio ? it.skip : it)(
      'gives a reader the object that it began to read, whole, when it is replaced meanwhile',
      async () => {
        const { client, bucket } = getSubject();
        const older = Buffer.alloc(24 * MEGABYTE, 'older');
        const newer = Buffer.alloc(24 * MEGABYTE, 'newer');
        await put('a', older);
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'a' }));
        await put('a', newer);
        expect(older.equals((await Body?.transformToByteArray()) ?? newer)).toBe(true);
        expect((await readObject(getSubject(), 'a')).equals(newer)).toBe(true);
      },
    );

    it('answers 500 or 507 when the disk is full, and keeps what was there', async () => {
      const { server } = getSubject();
      await put('replaced', 'old');
      await server.kill();
      await server.start({ maxFileBytes: 8 * MEGABYTE });
      for (const key of ['replaced', 'new']) {
        const error = await put(key, Buffer.alloc(12 * MEGABYTE)).catch((thrown) => thrown);
        expect([500, 503, 507]).toContain(error.$metadata.httpStatusCode);
      }
      expect(await listKeys(getSubject())).toEqual(['replaced']);
      expect((await readObject(getSubject(), 'replaced')).toString()).toBe('old');
      await put('small', 'fits');
      await server.kill();
      await server.start();
      expect(await listKeys(getSubject())).toEqual(['replaced', 'small']);
    });
  });

  describe('resources', () => {
    it('streams 100 MB in and out without holding it', async () => {
      const { client, bucket, server } = getSubject();
      // Loads code and buffers that every upload needs.
      await put('warm', Buffer.alloc(8 * MEGABYTE));
      await readObject(getSubject(), 'warm');
      const before = residentBytes(server.pid);
      if (before === undefined) return;
      let peak = before;
      const watch = () => {
        peak = Math.max(peak, residentBytes(server.pid) ?? 0);
      };
      const chunk = Buffer.alloc(MEGABYTE, 'large');
      const body = async function* () {
        for (let sent = 0; sent < LARGE_BYTES; sent += chunk.length) {
          watch();
          yield chunk;
        }
      };
      await put('large', Readable.from(body(), { objectMode: false }), { ContentLength: LARGE_BYTES });
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'large' }));
      let received = 0;
      for await (const part of Body as Readable) {
        received += (part as Buffer).length;
        watch();
        await nextTurn();
      }
      expect(received).toBe(LARGE_BYTES);
      expect(peak - before).toBeLessThan(MAX_GROWTH_BYTES);
    });

    it('listens on the loopback address only', async () => {
      const port = Number(new URL(getSubject().server.endpoint).port);
      const others = Object.values(networkInterfaces())
        .flat()
        .filter((address) => address !== undefined && !address.internal && address.family === 'IPv4');
      for (const address of others) {
        const socket = connect({ host: address?.address ?? '', port });
        const [outcome] = await Promise.race([
          once(socket, 'error').catch((error: Error) => [error]),
          once(socket, 'connect').then(() => ['connected']),
        ]);
        socket.destroy();
        expect((outcome as NodeJS.ErrnoException).code).toBe('ECONNREFUSED');
      }
    });
  });
}

/** @returns undefined where the system has no /proc. */
function residentBytes(pid: number): number | undefined {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1_024;
  } catch {
    return undefined;
  }
}
