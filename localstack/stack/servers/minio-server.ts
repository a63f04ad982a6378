import { access, constants, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from '../process/managed-process.ts';
import type { Server } from '../process/server.ts';
import { findExecutable } from '../tools/java.ts';
import { cacheDirectory } from '../tools/maven-jars.ts';
import { probeS3 } from './s3-probe.ts';

const notificationTarget = 'LOCAL';

/** How a bucket's notification configuration names the place that MinIO posts to. */
export const notificationTargetArn = `arn:minio:sqs::${notificationTarget}:webhook`;

interface MinioOptions {
  readonly directory: string;
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Where notifications are posted to. */
  readonly notificationPort: number;
}

/** A full S3 server, with versions and notifications; it has to be brought along or built. */
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
    const file = await findMinio();
    const data = join(directory, 's3-minio');
    const queue = join(directory, 's3-minio-notifications');
    await Promise.all([mkdir(data, { recursive: true }), mkdir(queue, { recursive: true })]);
    return {
      file,
      args: ['server', data, '--address', `127.0.0.1:${port}`, '--quiet'],
      env: {
        ...process.env,
        MINIO_ROOT_USER: accessKeyId,
        MINIO_ROOT_PASSWORD: secretAccessKey,
        // Without a region of its own it accepts requests that are signed for any.
        MINIO_SITE_REGION: undefined,
        MINIO_REGION: undefined,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
        [`MINIO_NOTIFY_WEBHOOK_ENABLE_${notificationTarget}`]: 'on',
        [`MINIO_NOTIFY_WEBHOOK_ENDPOINT_${notificationTarget}`]: `http://127.0.0.1:${notificationPort}/`,
        // What cannot be posted waits on disk, so that nothing is lost while nobody listens.
        [`MINIO_NOTIFY_WEBHOOK_QUEUE_DIR_${notificationTarget}`]: queue,
      },
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 5_000,
    };
  }

  probe(signal: AbortSignal): Promise<void> {
    return probeS3(this.address, signal);
  }
}

/** Where `npm run minio:install` puts it. */
export function installedMinioPath(): string {
  return join(cacheDirectory(), 'bin', 'minio');
}

async function findMinio(): Promise<string> {
  const named = process.env['MINIO_BIN'];
  if (named) {
    if (await isExecutable(named)) return named;
    throw new Error(`MINIO_BIN is ${named}, which is not an executable file.`);
  }
  const onPath = await findExecutable('minio');
  if (onPath !== undefined) return onPath;
  if (await isExecutable(installedMinioPath())) return installedMinioPath();
  throw new Error(
    'MinIO was not found: put it on the PATH, name it in MINIO_BIN, or build it once with "npm run minio:install" ' +
      '(needs Go and some minutes).',
  );
}

function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
