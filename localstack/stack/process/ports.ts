import { connect, createServer, type Server } from 'node:net';

/** Where each server listens when nothing else does. */
export const defaultPorts = {
  kafka: 9092,
  kafkaController: 9093,
  sourceDatabase: 5433,
  targetDatabase: 5434,
  s3: 9000,
  dynamodb: 8000,
  lambda: 3002,
  http: 3000,
  s3Notifications: 9001,
} as const;

export type PortName = keyof typeof defaultPorts;

// Below the range from which systems give ports to outgoing connections: one of those could take the port of a server
// that has just died and is about to be started again.
const lowestFreePort = 15_000;
const highestFreePort = 31_999;

/**
 * Hands out loopback ports, each only once.
 *
 * A port that is not a default one is even and stays this process' own until `release`, also while its server has not
 * started yet or is being started again: the odd port above it is listened on, and whoever chooses another way asks for
 * that one first. Of a default port somebody else may get hold before its server listens, which then says so.
 */
export class PortChooser {
  readonly #preferDefaults: boolean;
  readonly #onNotice: (line: string) => void;
  readonly #given = new Set<number>();
  readonly #claims: Server[] = [];

  constructor(options: { preferDefaults: boolean; onNotice: (line: string) => void }) {
    this.#preferDefaults = options.preferDefaults;
    this.#onNotice = options.onNotice;
  }

  async choose(name: PortName): Promise<number> {
    const preferred = defaultPorts[name];
    if (this.#preferDefaults && !this.#given.has(preferred) && (await isPortFree(preferred))) {
      this.#given.add(preferred);
      return preferred;
    }
    for (let attempt = 0; attempt < 200; attempt++) {
      const port = lowestFreePort + 2 * Math.floor((Math.random() * (highestFreePort - lowestFreePort + 1)) / 2);
      if (!(await this.#claim(port))) continue;
      if (this.#preferDefaults) this.#onNotice(`Port ${preferred} (${name}) is taken; ${port} is used instead.`);
      return port;
    }
    throw new Error(`No free port was found for ${name} between ${lowestFreePort} and ${highestFreePort}.`);
  }

  /** Lets others have the ports; those of servers that still run stay taken by them. */
  release(): void {
    for (const claim of this.#claims.splice(0)) claim.close();
  }

  async #claim(port: number): Promise<boolean> {
    const claim = await listen(port + 1);
    if (claim === undefined) return false;
    // It is no reason for the process to live on.
    claim.unref();
    if (!(await isPortFree(port))) {
      claim.close();
      return false;
    }
    this.#claims.push(claim);
    return true;
  }
}

/** Nobody answers there and it can be listened on; both, as some systems let two listen on different addresses. */
export async function isPortFree(port: number): Promise<boolean> {
  return !(await answers(port)) && (await canListen(port));
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 500 });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
    socket.once('timeout', () => end(false));
  });
}

async function canListen(port: number): Promise<boolean> {
  const server = await listen(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1' }, () => resolve(server));
  });
}
