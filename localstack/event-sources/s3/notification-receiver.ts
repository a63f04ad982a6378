import http from 'node:http';
import type { BucketSource } from './bucket-source.ts';

interface PostedRecord {
  readonly eventName?: string;
  readonly s3?: { readonly bucket?: { readonly name?: string }; readonly object?: { readonly key?: string } };
}

/** A notification has at most 64 KB; a server may put several into one request. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * Receives the notifications of an S3 server. Each makes its bucket be listed at once, and names the object's event, which
 * a listing cannot (put, post, copy or complete). Events are made from the listing alone: a lost notification delays an
 * event, and a repeated one does not repeat it.
 */
export class NotificationReceiver {
  readonly #server: http.Server;

  constructor(buckets: readonly Pick<BucketSource, 'bucket' | 'notified'>[]) {
    this.#server = http.createServer((request, response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BODY_BYTES) request.destroy();
        else chunks.push(chunk);
      });
      request.on('end', () => {
        for (const { eventName, s3 } of postedRecords(Buffer.concat(chunks).toString())) {
          const bucket = buckets.find(({ bucket }) => bucket === s3?.bucket?.name);
          bucket?.notified(decodeKey(s3?.object?.key ?? ''), (eventName ?? '').replace(/^s3:/, ''));
        }
        response.end();
      });
    });
  }

  /** Rejects when the port is taken. */
  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', resolve);
    });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** None for a body that is not a notification, such as that of a health check. */
function postedRecords(body: string): readonly PostedRecord[] {
  try {
    const { Records: records } = JSON.parse(body) as { Records?: unknown };
    return Array.isArray(records) ? (records as PostedRecord[]) : [];
  } catch {
    return [];
  }
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}
