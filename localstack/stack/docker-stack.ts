import { join, resolve } from 'node:path';
import { removeEndpoints, type StackEndpoints } from './endpoints.ts';
import { defaultPorts } from './process/ports.ts';
import { runProgram } from './process/run-program.ts';
import type { RunningStack } from './service/running-stack.ts';
import { findExecutable } from './tools/java.ts';

const composePath = join(import.meta.dirname, '..', 'docker-compose.yml');

const compose = ['compose', '--project-name', 'employee-streams', '--file', composePath];

/** The same servers in containers, as `docker-compose.yml` describes them, for machines without Java. */
export class DockerStack {
  readonly #directory: string;
  readonly #fresh: boolean;
  readonly #onNotice: (line: string) => void;
  readonly #stopping = new AbortController();
  #docker: string | undefined;

  constructor(options: { directory: string; fresh: boolean; onNotice: (line: string) => void }) {
    this.#directory = resolve(options.directory);
    this.#fresh = options.fresh;
    this.#onNotice = options.onNotice;
  }

  /** @throws in one line when no engine answers. */
  async start(): Promise<void> {
    const docker = await findExecutable('docker');
    const engine =
      docker !== undefined &&
      (await runProgram({ file: docker, args: ['version'] }, { signal: this.#stopping.signal }).then(
        () => true,
        () => false,
      ));
    if (docker === undefined || !engine) {
      throw new Error('No Docker engine answers: start Docker, or leave out --docker to run the servers natively.');
    }
    this.#docker = docker;
    await removeEndpoints(this.#directory);
    if (this.#fresh) await this.#compose('down', '--volumes');
    await this.#compose('up', '--detach', '--wait');
  }

  /** Containers stop and keep their data. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the containers are being stopped'));
    if (this.#docker === undefined) return;
    const { signal } = new AbortController();
    await runProgram({ file: this.#docker, args: [...compose, 'stop'] }, { signal });
  }

  get running(): RunningStack {
    const { lambda, http, s3Notifications } = defaultPorts;
    return {
      endpoints: composeEndpoints(),
      ports: { lambda, http, s3Notifications },
      // From inside its container MinIO does not reach a loopback address of the host to tell about new objects.
      s3: { keepsVersions: true, notifies: false },
      directory: this.#directory,
    };
  }

  async #compose(...args: string[]): Promise<void> {
    await runProgram(
      { file: this.#docker as string, args: [...compose, ...args] },
      { signal: this.#stopping.signal, onLine: this.#onNotice },
    );
  }
}

/** Ports, users and databases as the compose file gives them. */
export function composeEndpoints(): StackEndpoints {
  const at = (port: number) => `http://127.0.0.1:${port}`;
  return {
    s3: {
      endpoint: at(defaultPorts.s3),
      region: 'us-east-1',
      bucket: '',
      accessKeyId: 'localaccesskey',
      secretAccessKey: 'localsecretkey',
    },
    kafka: { brokers: [`127.0.0.1:${defaultPorts.kafka}`] },
    sourceDatabaseUrl: `postgres://postgres@127.0.0.1:${defaultPorts.sourceDatabase}/source`,
    targetDatabaseUrl: `postgres://postgres@127.0.0.1:${defaultPorts.targetDatabase}/target`,
    dynamodb: { endpoint: at(defaultPorts.dynamodb), offsetTable: '' },
    lambda: { endpoint: at(defaultPorts.lambda) },
    dashboardUrl: null,
  };
}
