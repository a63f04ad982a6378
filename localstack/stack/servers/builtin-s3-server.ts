import { join } from 'node:path';
import { childEnvironment } from '../process/child-environment.ts';
import type { Command } from '../process/managed-process.ts';
import type { Server } from '../process/server.ts';
import { probeS3 } from './s3-probe.ts';

const MAIN_PATH = join(import.meta.dirname, 'builtin-s3', 'main.ts');

interface BuiltinS3Options {
  readonly directory: string;
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The S3 server in `builtin-s3`, with its objects on disk. It keeps no object versions. */
export class BuiltinS3Server implements Server {
  readonly name = 's3';
  readonly title = 'S3';
  readonly #options: BuiltinS3Options;

  constructor(options: BuiltinS3Options) {
    this.#options = options;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#options.port}`;
  }

  async prepare(): Promise<Command> {
    const { directory, port, accessKeyId, secretAccessKey } = this.#options;
    return {
      file: process.execPath,
      args: [MAIN_PATH, String(port), join(directory, 's3-objects')],
      env: { ...childEnvironment(), S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey },
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 5_000,
    };
  }

  probe(signal: AbortSignal): Promise<void> {
    return probeS3(this.address, signal);
  }
}
