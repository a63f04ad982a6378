import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { childEnvironment } from '../process/child-environment.ts';
import type { Command } from '../process/managed-process.ts';
import type { Server } from '../process/server.ts';
import { requireMinio } from '../tools/minio.ts';
import { probeS3 } from './s3-probe.ts';

const TARGET_ID = 'LOCAL';

/** The ARN of MinIO's webhook target in the notification configuration of a bucket. */
export const MINIO_WEBHOOK_ARN = `arn:minio:sqs::${TARGET_ID}:webhook`;

interface MinioOptions {
  readonly directory: string;
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** The loopback port that MinIO posts notifications to. */
  readonly notificationPort: number;
}

/** MinIO: an S3 server with object versions and bucket notifications, which the user has to install. */
export class MinioServer implements Server {
  readonly name = 's3';
  readonly title = 'S3 (MinIO)';
  readonly #options: MinioOptions;

  constructor(options: MinioOptions) {
    this.#options = options;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#options.port}`;
  }

  async prepare(): Promise<Command> {
    const { directory, port, accessKeyId, secretAccessKey, notificationPort } = this.#options;
    const file = requireMinio();
    const data = join(directory, 's3-minio');
    const queue = join(directory, 's3-minio-notifications');
    await Promise.all([mkdir(data, { recursive: true }), mkdir(queue, { recursive: true })]);
    return {
      file,
      args: ['server', data, '--address', `127.0.0.1:${port}`, '--quiet'],
      env: {
        ...childEnvironment(),
        MINIO_ROOT_USER: accessKeyId,
        MINIO_ROOT_PASSWORD: secretAccessKey,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
        [`MINIO_NOTIFY_WEBHOOK_ENABLE_${TARGET_ID}`]: 'on',
        [`MINIO_NOTIFY_WEBHOOK_ENDPOINT_${TARGET_ID}`]: `http://127.0.0.1:${notificationPort}/`,
        // Keeps notifications on disk until the receiver accepts them.
        [`MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_${TARGET_ID}`]: queue,
      },
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 5_000,
    };
  }

  probe(signal: AbortSignal): Promise<void> {
    return probeS3(this.address, signal);
  }
}
