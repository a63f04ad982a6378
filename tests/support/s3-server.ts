import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { type Command, ManagedProcess } from '../../localstack/stack/process/managed-process.ts';
import { PortChooser } from '../../localstack/stack/process/ports.ts';
import type { Server } from '../../localstack/stack/process/server.ts';
import { BuiltinS3Server } from '../../localstack/stack/servers/builtin-s3-server.ts';
import { MinioServer } from '../../localstack/stack/servers/minio-server.ts';
import type { S3ServerKind } from '../../localstack/stack/servers/stack-servers.ts';
import type { ObjectServerUnderTest } from '../contract/object-server.ts';
import { eventually, StopWaiting } from './eventually.ts';

export const TEST_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test-secret' };

const PROBE_TIMEOUT_MS = 5_000;

interface ServerOptions {
  readonly directory: string;
  readonly port: number;
  readonly notificationPort: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** An S3 server of one test. It can be killed and started again with the same address and objects. */
export class TestS3Server implements ObjectServerUnderTest {
  readonly credentials = TEST_CREDENTIALS;
  readonly #server: Server;
  readonly #ports: PortChooser;
  readonly #directory: string;
  #process: ManagedProcess | undefined;

  private constructor(server: Server, ports: PortChooser, directory: string) {
    this.#server = server;
    this.#ports = ports;
    this.#directory = directory;
  }

  static start(kind: S3ServerKind = 'builtin'): Promise<TestS3Server> {
    return TestS3Server.startWith((options) =>
      kind === 'minio' ? new MinioServer(options) : new BuiltinS3Server(options),
    );
  }

  static async startWith(createServer: (options: ServerOptions) => Server): Promise<TestS3Server> {
    // Reserves the ports until `dispose`, also while the server is killed.
    const ports = new PortChooser({ preferDefaults: false, onNotice: () => {} });
    const directory = await mkdtemp(join(tmpdir(), 'test-s3-'));
    const [port, notificationPort] = [await ports.choose('s3'), await ports.choose('s3Notifications')];
    const server = createServer({ directory, port, notificationPort, ...TEST_CREDENTIALS });
    const started = new TestS3Server(server, ports, directory);
    await started.start();
    return started;
  }

  get endpoint(): string {
    return this.#server.address;
  }

  get pid(): number {
    if (this.#process === undefined) throw new Error('The S3 server was killed: start it first.');
    return this.#process.pid;
  }

  /** Resolves when the server is ready. Writing more than `maxFileBytes` to one file fails, as on a full disk. */
  async start({ maxFileBytes }: { readonly maxFileBytes?: number } = {}): Promise<void> {
    const context = { signal: new AbortController().signal, onNotice: () => {} };
    const command = await this.#server.prepare(context);
    const limited = maxFileBytes === undefined ? command : limitFiles(command, maxFileBytes);
    const running = await ManagedProcess.spawn(limited, 'inherit');
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

/** A write beyond the limit fails with EFBIG where the signal SIGXFSZ, which would kill the process, is ignored. */
function limitFiles(command: Command, maxFileBytes: number): Command {
  const script = `trap '' XFSZ; ulimit -f ${Math.ceil(maxFileBytes / 512)}; exec "$@"`;
  return { ...command, file: '/bin/sh', args: ['-c', script, 'sh', command.file, ...command.args] };
}
