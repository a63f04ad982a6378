import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { ManagedProcess } from '../../localstack/stack/process/managed-process.ts';
import { PortChooser } from '../../localstack/stack/process/ports.ts';
import type { Server } from '../../localstack/stack/process/server.ts';
import { FauxqsServer } from '../../localstack/stack/servers/fauxqs-server.ts';
import { MinioServer } from '../../localstack/stack/servers/minio-server.ts';
import type { S3ServerKind } from '../../localstack/stack/servers/stack-servers.ts';
import { eventually, StopWaiting } from './eventually.ts';

export const TEST_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test-secret' };

const PROBE_TIMEOUT_MS = 5_000;

/** An S3 server of one test. It can be killed and started again with the same address and objects. */
export class TestS3Server {
  readonly #server: Server;
  readonly #ports: PortChooser;
  readonly #directory: string;
  #process: ManagedProcess | undefined;

  private constructor(server: Server, ports: PortChooser, directory: string) {
    this.#server = server;
    this.#ports = ports;
    this.#directory = directory;
  }

  static async start(kind: S3ServerKind = 'fauxqs'): Promise<TestS3Server> {
    // Reserves the port until `dispose`, also while the server is killed.
    const ports = new PortChooser({ preferDefaults: false, onNotice: () => {} });
    const options = { port: await ports.choose('s3'), directory: await mkdtemp(join(tmpdir(), 'test-s3-')) };
    const server =
      kind === 'minio'
        ? new MinioServer({ ...options, ...TEST_CREDENTIALS, notificationPort: await ports.choose('s3Notifications') })
        : new FauxqsServer(options);
    const started = new TestS3Server(server, ports, options.directory);
    await started.start();
    return started;
  }

  get endpoint(): string {
    return this.#server.address;
  }

  /** Resolves when the server is ready. */
  async start(): Promise<void> {
    const context = { signal: new AbortController().signal, onNotice: () => {} };
    const running = await ManagedProcess.spawn(await this.#server.prepare(context), 'inherit');
    this.#process = running;
    const isReady = async () => {
      if (running.exit) throw new StopWaiting(`The S3 server exited with code ${running.exit.code}.`);
      await this.#server.probe(AbortSignal.timeout(PROBE_TIMEOUT_MS));
      return true;
    };
    await eventually(isReady, { what: 'an S3 server that is ready' });
  }

  /** Kills the server with SIGKILL, like an outage: connections break. */
  async kill(): Promise<void> {
    const running = this.#process;
    if (!running) return;
    this.#process = undefined;
    process.kill(running.pid, 'SIGKILL');
    await running.exited;
  }

  async dispose(): Promise<void> {
    await this.kill();
    this.#ports.release();
    await rm(this.#directory, { recursive: true, force: true });
  }

  /** For the arrangement of a test; what it tests has its own client. */
  createClient(): S3Client {
    return new S3Client({
      endpoint: this.endpoint,
      region: 'eu-central-1',
      credentials: TEST_CREDENTIALS,
    });
  }
}
