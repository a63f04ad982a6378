import { join } from 'node:path';
import type { Command } from '../process/managed-process.ts';
import type { Server } from '../process/server.ts';
import { probeS3 } from './s3-probe.ts';

const MAIN_PATH = join(import.meta.dirname, 'fauxqs-main.ts');

/** fauxqs: an S3 server in Node with its objects on disk. It ignores credentials and keeps no object versions. */
export class FauxqsServer implements Server {
  readonly name = 's3';
  readonly title = 'S3 (fauxqs)';
  readonly #directory: string;
  readonly #port: number;

  constructor(options: { directory: string; port: number }) {
    this.#directory = join(options.directory, 's3');
    this.#port = options.port;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async prepare(): Promise<Command> {
    return {
      file: process.execPath,
      args: [MAIN_PATH, String(this.#port), this.#directory],
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 5_000,
    };
  }

  probe(signal: AbortSignal): Promise<void> {
    return probeS3(this.address, signal);
  }
}
