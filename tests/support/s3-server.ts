import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { PortChooser } from '../../localstack/stack/process/ports.ts';
import { probeS3 } from '../../localstack/stack/servers/s3-probe.ts';

/** `minio` keeps versions, which `fauxqs` does not. */
export type S3ServerKind = 'fauxqs' | 'minio';

export const TEST_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test-secret' };

/** The MinIO binary at hand: named by `MINIO_BIN` or found on the path. */
export function findMinio(): string | undefined {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, 'minio'));
  return [process.env['MINIO_BIN'] ?? '', ...onPath].find((file) => file !== '' && existsSync(file));
}

/** An S3 server of one test's own, which may go away and come back with its objects. */
export class TestS3Server {
  readonly #kind: S3ServerKind;
  /** Has the port while the server is away. */
  readonly #ports: PortChooser;
  readonly #port: number;
  readonly #directory: string;
  #process: ChildProcess | undefined;

  private constructor(kind: S3ServerKind, ports: PortChooser, port: number, directory: string) {
    this.#kind = kind;
    this.#ports = ports;
    this.#port = port;
    this.#directory = directory;
  }

  static async start(kind: S3ServerKind = 'fauxqs'): Promise<TestS3Server> {
    const ports = new PortChooser({ preferDefaults: false, onNotice: () => {} });
    const server = new TestS3Server(kind, ports, await ports.choose('s3'), await mkdtemp(join(tmpdir(), 'test-s3-')));
    await server.start();
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const child = this.#kind === 'minio' ? this.#spawnMinio() : this.#spawnFauxqs();
    this.#process = child;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the S3 server ended with exit code ${child.exitCode}`);
      const isUp = await probeS3(this.endpoint, AbortSignal.timeout(5_000)).then(
        () => true,
        () => false,
      );
      if (isUp) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  #spawnFauxqs(): ChildProcess {
    const main = 'localstack/stack/servers/fauxqs-main.ts';
    return spawn(process.execPath, [main, String(this.#port), this.#directory], { stdio: 'inherit' });
  }

  #spawnMinio(): ChildProcess {
    const binary = findMinio();
    if (binary === undefined) throw new Error('no MinIO at hand: set MINIO_BIN to its binary');
    const { accessKeyId, secretAccessKey } = TEST_CREDENTIALS;
    return spawn(binary, ['server', '--quiet', '--address', `127.0.0.1:${this.#port}`, this.#directory], {
      env: { ...process.env, MINIO_ROOT_USER: accessKeyId, MINIO_ROOT_PASSWORD: secretAccessKey, MINIO_BROWSER: 'off' },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  /** Ends at once, as in an outage; connections break. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child) return;
    this.#process = undefined;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async dispose(): Promise<void> {
    await this.kill();
    this.#ports.release();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** For what a test puts into the server, not for what it tests. */
  createClient(): S3Client {
    return new S3Client({
      endpoint: this.endpoint,
      region: 'eu-central-1',
      credentials: TEST_CREDENTIALS,
    });
  }
}
