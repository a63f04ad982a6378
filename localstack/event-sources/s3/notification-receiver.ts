import http from 'node:http';
import type { BucketSource } from './bucket-source.ts';

interface PostedRecord {
  readonly eventName?: string;
  readonly s3?: { readonly bucket?: { readonly name?: string }; readonly object?: { readonly key?: string } };
}

/** A notification is at most 64 KB; a server may put several into one request. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * Takes in what an S3 server posts about its buckets. A post makes its bucket be listed at once and tells what the
 * listing cannot: whether an object was put, posted, copied or completed. The listing stays what events are made of, so
 * a post that got lost costs time and nothing else, and one that comes twice makes no second event.
 */
export class NotificationReceiver {
  readonly #server: http.Server;

  constructor(buckets: readonly BucketSource[]) {
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

/** Something else than a notification, a health check for instance, says nothing about any bucket. */
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
