import { readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { removeEndpoints, type StackEndpoints } from './endpoints.ts';
import { DirectoryLock } from './process/directory-lock.ts';
import { isolateClients } from './process/isolate-clients.ts';
import { stopOrphans } from './process/pid-file.ts';
import { defaultPorts, PortChooser, type PortName } from './process/ports.ts';
import { ServerSupervisor } from './process/server-supervisor.ts';
import {
  createServers,
  type S3ServerKind,
  type ServerName,
  serverEndpoints,
  serverNames,
} from './servers/stack-servers.ts';
import type { RunningStack } from './service/running-stack.ts';

export type { StackEndpoints } from './endpoints.ts';

export interface StackOptions {
  /** Has the data, the logs and the lock; created when missing. Only one stack at a time may use it. */
  readonly directory: string;
  /** `default` uses the documented ports, or free ones where these are in use; `free` uses any free ports. */
  readonly ports: 'default' | 'free';
  /** The servers to start. Default: all. */
  readonly servers?: readonly ServerName[];
  /** Default: `builtin`. */
  readonly s3?: S3ServerKind;
  /** Deletes the data of earlier runs first. */
  readonly fresh?: boolean;
  /** Reports progress and restarts to the user, one line at a time. */
  readonly onNotice: (line: string) => void;
  /** Called when a server keeps crashing after the start succeeded. The caller then stops the stack. */
  readonly onFatal: (error: Error) => void;
}

/** The servers of both pipelines as native processes, on the loopback address. Use an instance once. */
export class LocalStack {
  readonly #options: StackOptions;
  readonly #directory: string;
  readonly #lock: DirectoryLock;
  readonly #ports: PortChooser;
  readonly #supervisors = new Map<ServerName, ServerSupervisor>();
  readonly #stopping = new AbortController();
  #running: RunningStack | undefined;

  constructor(options: StackOptions) {
    this.#options = options;
    this.#directory = resolve(options.directory);
    this.#lock = new DirectoryLock(this.#directory);
    this.#ports = new PortChooser({ preferDefaults: options.ports === 'default', onNotice: options.onNotice });
  }

  /**
   * Resolves when all servers are ready.
   *
   * @throws when another stack uses the directory, or when a server does not start; no server is left running then.
   */
  async start(): Promise<StackEndpoints> {
    isolateClients();
    const other = this.#lock.tryAcquire();
    if (other !== undefined) {
      const [holder, kill] =
        other.heldBy === undefined ? ['', ''] : [` (process ${other.heldBy})`, ` or "kill ${other.heldBy}"`];
      throw new Error(
        `A stack is already running in ${this.#directory}${holder}: stop it first, with Ctrl-C in its terminal${kill}.`,
      );
    }
    try {
      // A stack that was killed could not remove its file.
      await removeEndpoints(this.#directory);
      return await this.#startServers();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Resolves when all servers have exited. A `start` that is still running rejects. */
  async stop(): Promise<void> {
    this.#abort();
    await Promise.all([...this.#supervisors.values()].map((server) => server.stop()));
    this.#ports.release();
    this.#lock.release();
  }

  /** Stops all servers before it returns, for handlers of `process.on('exit')`, where nothing can be awaited. */
  stopSync(): void {
    this.#abort();
    const servers = [...this.#supervisors.values()];
    for (const server of servers) server.signalStop();
    for (const server of servers) server.waitForExitSync();
    this.#lock.release();
  }

  /** Available after `start`. */
  get running(): RunningStack {
    if (this.#running === undefined) throw new Error('The stack is not running: await start() first.');
    return this.#running;
  }

  /** The process id of a server. While the server restarts, waits until it is ready. */
  async pidOf(name: ServerName): Promise<number> {
    const server = this.#supervisors.get(name);
    if (server === undefined) throw new Error(`${name} is not among the servers of this stack.`);
    return server.pid();
  }

  async #startServers(): Promise<StackEndpoints> {
    const { onNotice, fresh, s3 = 'builtin', servers: wanted = serverNames } = this.#options;
    const directory = this.#directory;
    // Before the ports are chosen, because orphans may still use them.
    await stopOrphans({ directory, names: serverNames, onNotice, signal: this.#stopping.signal });
    if (fresh) this.#deleteData();
    const ports = await this.#choosePorts();
    this.#stopping.signal.throwIfAborted();
    const servers = createServers({ directory, ports, s3 });
    for (const name of wanted) {
      const { onFatal } = this.#options;
      this.#supervisors.set(name, new ServerSupervisor({ server: servers[name], directory, onNotice, onFatal }));
    }
    await Promise.all(
      [...this.#supervisors].map(async ([name, supervisor]) => {
        await supervisor.start();
        onNotice(`${servers[name].title} is ready at ${servers[name].address}`);
      }),
    );
    const endpoints = serverEndpoints(
      Object.fromEntries(wanted.map((name) => [name, servers[name].address])),
      ports.lambda,
    );
    const { lambda, http, metrics, s3Notifications } = ports;
    this.#running = {
      endpoints,
      ports: { lambda, http, metrics, s3Notifications },
      s3: { keepsVersions: s3 === 'minio', notifies: s3 === 'minio' },
      directory,
    };
    return endpoints;
  }

  async #choosePorts(): Promise<Record<PortName, number>> {
    const ports: Record<PortName, number> = { ...defaultPorts };
    for (const name of Object.keys(ports) as PortName[]) ports[name] = await this.#ports.choose(name);
    return ports;
  }

  /** Deletes everything but the lock, which this process holds, and the logs. */
  #deleteData(): void {
    for (const entry of readdirSync(this.#directory)) {
      if (entry.startsWith('lock') || entry === 'logs') continue;
      rmSync(join(this.#directory, entry), { recursive: true, force: true });
    }
  }

  #abort(): void {
    this.#stopping.abort(new Error('The stack was stopped while it started.'));
  }
}
