import { readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { removeEndpoints, type StackEndpoints } from './endpoints.ts';
import { DirectoryLock } from './process/directory-lock.ts';
import { PortChooser, type PortName } from './process/ports.ts';
import { type Server, type ServerName, serverNames } from './process/server.ts';
import { ServerSupervisor } from './process/server-supervisor.ts';
import { DynamoDbServer } from './servers/dynamodb-server.ts';
import { FauxqsServer } from './servers/fauxqs-server.ts';
import { KafkaServer } from './servers/kafka-server.ts';
import { MinioServer } from './servers/minio-server.ts';
import { PostgresServer } from './servers/postgres-server.ts';
import type { RunningStack } from './service/running-stack.ts';

export type { StackEndpoints } from './endpoints.ts';

export interface StackOptions {
  /** Data, logs and the lock; made when absent. One stack at a time may use it. */
  readonly directory: string;
  /** `default` takes the documented ports as far as they are free; `free` takes any. */
  readonly ports: 'default' | 'free';
  /** Which servers to start; all when absent. */
  readonly servers?: readonly ServerName[];
  readonly s3?: 'fauxqs' | 'minio';
  /** Begins with empty data. */
  readonly fresh?: boolean;
  /** Progress and what went wrong but was mended, one line each. */
  readonly onNotice: (line: string) => void;
  /** A server died for good after the start had succeeded; the caller stops the stack. */
  readonly onFatal: (error: Error) => void;
}

/** Any will do, but the AWS SDK wants some, MinIO at least eight characters and DynamoDB Local no punctuation. */
const accessKeyId = 'localaccesskey';
const secretAccessKey = 'localsecretkey';
/** No server here knows regions; the AWS SDK wants one. */
const region = 'us-east-1';

type Ports = Record<PortName, number>;

/** The real servers under both pipelines, on the loopback address. Use an instance once. */
export class LocalStack {
  readonly #options: StackOptions;
  readonly #directory: string;
  readonly #lock: DirectoryLock;
  #servers = new Map<ServerName, ServerSupervisor>();
  #ports: PortChooser | undefined;
  #running: RunningStack | undefined;
  #stopped = false;

  constructor(options: StackOptions) {
    this.#options = options;
    this.#directory = resolve(options.directory);
    this.#lock = new DirectoryLock(this.#directory);
  }

  /**
   * Resolves when every server answers.
   *
   * @throws when another stack uses the directory, or when a server does not start; nothing is left running then.
   */
  async start(): Promise<StackEndpoints> {
    const taken = this.#lock.tryAcquire();
    if (taken !== undefined) {
      const holder = taken.heldBy === undefined ? '' : ` (process ${taken.heldBy})`;
      throw new Error(`A stack is already running in ${this.#directory}${holder}: stop it first.`);
    }
    try {
      // One that was killed could not do so.
      await removeEndpoints(this.#directory);
      return await this.#startServers();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Resolves when all servers are gone; a start that is on its way fails. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#servers.values()].map((server) => server.stop()));
    this.#ports?.release();
    this.#lock.release();
  }

  /**
   * As `stop`, but before it returns: for the moment when the process exits and nothing else can be awaited.
   *
   * Servers that take too long are killed.
   */
  stopNow(): void {
    this.#stopped = true;
    const servers = [...this.#servers.values()];
    for (const server of servers) server.signalStop();
    for (const server of servers) server.waitForEnd();
    this.#lock.release();
  }

  /** What the host of the functions has to know; once `start` has resolved. */
  get running(): RunningStack {
    if (this.#running === undefined) throw new Error('a stack is described once it has started');
    return this.#running;
  }

  /** @returns the id of a server's process, waiting for it while the server is being started again. */
  async pidOf(name: ServerName): Promise<number> {
    const server = this.#servers.get(name);
    if (server === undefined) throw new Error(`${name} is not part of this stack`);
    return server.pid();
  }

  async #startServers(): Promise<StackEndpoints> {
    const supervise = (server: Server) =>
      new ServerSupervisor({
        server,
        directory: this.#directory,
        onNotice: this.#options.onNotice,
        onFatal: this.#options.onFatal,
      });
    // Servers of a killed parent may still hold their ports.
    const unused = this.#describeServers(noPorts);
    await Promise.all(unused.map((server) => supervise(server).endLeftover()));
    if (this.#options.fresh) this.#removeData();
    const ports = await this.#choosePorts();
    if (this.#stopped) throw new Error('the stack was stopped while it started');
    const wanted = new Set<string>(this.#options.servers ?? serverNames);
    const servers = this.#describeServers(ports).filter(({ name }) => wanted.has(name));
    this.#servers = new Map(servers.map((server) => [server.name as ServerName, supervise(server)]));
    await Promise.all(
      servers.map(async (server) => {
        await this.#servers.get(server.name as ServerName)?.start();
        this.#options.onNotice(`${server.title} answers at ${server.address}`);
      }),
    );
    const endpoints = this.#endpoints(ports, servers);
    const { lambda, http, s3Notifications } = ports;
    const isMinio = this.#options.s3 === 'minio';
    const s3 = { keepsVersions: isMinio, notifies: isMinio };
    this.#running = { endpoints, ports: { lambda, http, s3Notifications }, s3, directory: this.#directory };
    return endpoints;
  }

  #describeServers(ports: Ports): Server[] {
    const directory = this.#directory;
    return [
      new KafkaServer({ directory, port: ports.kafka, controllerPort: ports.kafkaController }),
      new PostgresServer({ name: 'sourceDatabase', database: 'source', directory, port: ports.sourceDatabase }),
      new PostgresServer({ name: 'targetDatabase', database: 'target', directory, port: ports.targetDatabase }),
      this.#options.s3 === 'minio'
        ? new MinioServer({
            ...{ directory, port: ports.s3, notificationPort: ports.s3Notifications },
            ...{ accessKeyId, secretAccessKey },
          })
        : new FauxqsServer({ directory, port: ports.s3 }),
      new DynamoDbServer({ directory, port: ports.dynamodb }),
    ];
  }

  async #choosePorts(): Promise<Ports> {
    this.#ports = new PortChooser({
      preferDefaults: this.#options.ports === 'default',
      onNotice: this.#options.onNotice,
    });
    const ports = { ...noPorts };
    for (const name of Object.keys(ports) as PortName[]) ports[name] = await this.#ports.choose(name);
    return ports;
  }

  /** Everything but the lock and the logs goes. */
  #removeData(): void {
    for (const entry of readdirSync(this.#directory)) {
      if (entry.startsWith('lock') || entry === 'logs') continue;
      rmSync(join(this.#directory, entry), { recursive: true, force: true });
    }
  }

  #endpoints(ports: Ports, servers: readonly Server[]): StackEndpoints {
    const addressOf = (name: ServerName) => servers.find((server) => server.name === name)?.address;
    const brokers = addressOf('kafka');
    return {
      s3: { endpoint: addressOf('s3') ?? '', region, bucket: '', accessKeyId, secretAccessKey },
      kafka: { brokers: brokers === undefined ? [] : [brokers] },
      sourceDatabaseUrl: addressOf('sourceDatabase') ?? '',
      targetDatabaseUrl: addressOf('targetDatabase') ?? '',
      dynamodb: { endpoint: addressOf('dynamodb') ?? '', offsetTable: '' },
      lambda: { endpoint: `http://127.0.0.1:${ports.lambda}` },
      dashboardUrl: null,
    };
  }
}

const noPorts: Ports = {
  kafka: 0,
  kafkaController: 0,
  sourceDatabase: 0,
  targetDatabase: 0,
  s3: 0,
  dynamodb: 0,
  lambda: 0,
  http: 0,
  s3Notifications: 0,
};
