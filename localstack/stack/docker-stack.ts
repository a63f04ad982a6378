import { join, resolve } from 'node:path';
import { removeEndpoints, type StackEndpoints } from './endpoints.ts';
import { childEnvironment } from './process/child-environment.ts';
import { defaultPorts } from './process/ports.ts';
import { runProgram } from './process/run-program.ts';
import { serverEndpoints } from './servers/stack-servers.ts';
import type { RunningStack } from './service/running-stack.ts';
import { findExecutable } from './tools/find-executable.ts';

const COMPOSE_PATH = join(import.meta.dirname, '..', 'docker-compose.yml');
const COMPOSE = ['compose', '--project-name', 'employee-streams', '--file', COMPOSE_PATH];

/** The same servers in containers, as `docker-compose.yml` defines them. For machines without Java. */
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

  /** Resolves when all containers are healthy. @throws when Docker is not installed or does not run. */
  async start(): Promise<void> {
    this.#docker = await this.#findDocker();
    await removeEndpoints(this.#directory);
    if (this.#fresh) await this.#compose('down', '--volumes');
    await this.#compose('up', '--detach', '--wait');
  }

  /** Stops the containers, which keep their data. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('The containers are being stopped.'));
    if (this.#docker === undefined) return;
    // Not the signal that was just aborted.
    const { signal } = new AbortController();
    await runProgram({ file: this.#docker, args: [...COMPOSE, 'stop'], env: dockerEnvironment() }, { signal });
  }

  get running(): RunningStack {
    const { lambda, http, metrics, s3Notifications } = defaultPorts;
    return {
      endpoints: composeEndpoints(),
      ports: { lambda, http, metrics, s3Notifications },
      // A container cannot reach a loopback address of the host, so MinIO cannot post notifications.
      s3: { keepsVersions: true, notifies: false },
      directory: this.#directory,
    };
  }

  async #findDocker(): Promise<string> {
    const hint = 'start Docker, or leave out --docker to run the servers natively';
    const docker = findExecutable('docker');
    if (docker === undefined) throw new Error(`Docker is not installed: there is no docker on the PATH; ${hint}.`);
    const { signal } = this.#stopping;
    await runProgram({ file: docker, args: ['version'], env: dockerEnvironment() }, { signal }).catch((cause) => {
      throw new Error(`Docker does not run: "docker version" failed; ${hint}.`, { cause });
    });
    return docker;
  }

  async #compose(...args: string[]): Promise<void> {
    await runProgram(
      { file: this.#docker as string, args: [...COMPOSE, ...args], env: dockerEnvironment() },
      { signal: this.#stopping.signal, onLine: this.#onNotice },
    );
  }
}

/** The variables that select the engine and the proxy. Those of Compose could change the project and are left out. */
function dockerEnvironment(): Record<string, string> {
  return childEnvironment([/^DOCKER_/, 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', /^(https?|no)_proxy$/i, 'SSH_AUTH_SOCK']);
}

/** The addresses of `docker-compose.yml`. */
export function composeEndpoints(): StackEndpoints {
  const { kafka, sourceDatabase, targetDatabase, s3, dynamodb, lambda } = defaultPorts;
  return serverEndpoints(
    {
      kafka: `127.0.0.1:${kafka}`,
      sourceDatabase: `postgres://postgres@127.0.0.1:${sourceDatabase}/source`,
      targetDatabase: `postgres://postgres@127.0.0.1:${targetDatabase}/target`,
      s3: `http://127.0.0.1:${s3}`,
      dynamodb: `http://127.0.0.1:${dynamodb}`,
    },
    lambda,
  );
}
