import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { createClient, createSigner, type Subject, sendRaw, signedHeaders } from './subject.ts';

const OLD = new Date(Date.now() - 60 * 60 * 1_000);

/** Rules for signatures: only requests with the server's credentials have an effect. */
export function describeCredentials(getSubject: () => Subject): void {
  /** @returns the path and query of a URL that is valid for `expiresIn` seconds from `signingDate` on. */
  const presign = async (method: string, key: string, signingDate: Date, expiresIn = 60) => {
    const { server, bucket } = getSubject();
    const { host } = new URL(server.endpoint);
    const request = { method, protocol: 'http:', hostname: host, path: `/${bucket}/${key}`, headers: { host } };
    const unhashed = { ...request, headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } };
    const unsignableHeaders = new Set(['x-amz-content-sha256']);
    const signed = await createSigner(server).presign(unhashed, { signingDate, expiresIn, unsignableHeaders });
    return `${signed.path}?${new URLSearchParams(signed.query as Record<string, string>)}`;
  };

  describe('credentials', () => {
    beforeEach(async () => {
      const { client, bucket } = getSubject();
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a', Body: 'secret' }));
    });

    it('refuses a wrong secret key with 403, and reads and writes nothing', async () => {
      const { server, client, bucket } = getSubject();
      const credentials = { ...server.credentials, secretAccessKey: 'wrong' };
      const stranger = createClient({ endpoint: server.endpoint, credentials });
      const refused = { name: 'SignatureDoesNotMatch', $metadata: { httpStatusCode: 403 } };
      const key = { Bucket: bucket, Key: 'a' };
      await expect(stranger.send(new GetObjectCommand(key))).rejects.toMatchObject(refused);
      await expect(stranger.send(new PutObjectCommand({ ...key, Body: 'x' }))).rejects.toMatchObject(refused);
      await expect(stranger.send(new ListObjectsV2Command({ Bucket: bucket }))).rejects.toMatchObject(refused);
      stranger.destroy();
      const { Body } = await client.send(new GetObjectCommand(key));
      expect(await Body?.transformToString()).toBe('secret');
    });

    it('refuses an access key that it does not know', async () => {
      const { server, bucket } = getSubject();
      const credentials = { ...server.credentials, accessKeyId: 'AKIAUNKNOWN' };
      const stranger = createClient({ endpoint: server.endpoint, credentials });
      await expect(stranger.send(new GetObjectCommand({ Bucket: bucket, Key: 'a' }))).rejects.toMatchObject({
        name: 'InvalidAccessKeyId',
      });
      stranger.destroy();
    });

    it('refuses a request without a signature', async () => {
      const { server, bucket } = getSubject();
      for (const [method, path] of [
        ['GET', `/${bucket}/a`],
        ['PUT', `/${bucket}/a`],
        ['DELETE', `/${bucket}/a`],
        ['GET', `/${bucket}`],
        ['GET', '/'],
      ] as const) {
        const response = await sendRaw(server, { method, path });
        expect([method, path, response.status]).toEqual([method, path, 403]);
        expect(response.body).toContain('AccessDenied');
      }
    });

    it('refuses a signature of another path, query, method, header or time', async () => {
      const { server, bucket } = getSubject();
      const path = `/${bucket}/a`;
      const send = (headers: Record<string, string>, change: object = {}) =>
        sendRaw(server, { method: 'GET', path, headers, ...change });
      const headers = await signedHeaders(server, { method: 'GET', path, headers: { 'x-amz-meta-a': '1' } });
      expect((await send(headers)).status).toBe(200);
      for (const change of [{ path: `/${bucket}/b` }, { path: `${path}?uploads` }, { method: 'DELETE' }]) {
        expect((await send(headers, change)).status).toBe(403);
      }
      expect((await send({ ...headers, 'x-amz-meta-a': '2' })).status).toBe(403);
      const stale = await signedHeaders(server, { method: 'GET', path }, OLD);
      const response = await send(stale);
      expect(response.status).toBe(403);
      expect(response.body).toContain('RequestTimeTooSkewed');
    });

    it('accepts a presigned URL until it expires, for its own method and key only', async () => {
      const { server, bucket } = getSubject();
      const valid = await presign('GET', 'a', new Date());
      expect(await sendRaw(server, { method: 'GET', path: valid })).toMatchObject({ status: 200, body: 'secret' });
      expect((await sendRaw(server, { method: 'PUT', path: valid })).status).toBe(403);
      const moved = valid.replace(`/${bucket}/a`, `/${bucket}/b`);
      expect((await sendRaw(server, { method: 'GET', path: moved })).status).toBe(403);
      const expired = await sendRaw(server, { method: 'GET', path: await presign('GET', 'a', OLD) });
      expect(expired.status).toBe(403);
      expect(expired.body).toContain('AccessDenied');
      // Expires in an hour.
      const long = await presign('GET', 'a', OLD, 7_200);
      expect((await sendRaw(server, { method: 'GET', path: long })).status).toBe(200);
    });

    it('stores what is put to a presigned URL', async () => {
      const { server, client, bucket } = getSubject();
      const path = await presign('PUT', 'new', new Date());
      expect((await sendRaw(server, { method: 'PUT', path, body: Buffer.from('new') })).status).toBe(200);
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: 'new' }));
      expect(await Body?.transformToString()).toBe('new');
    });
  });
}
