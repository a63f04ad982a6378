import { connect, createServer, type Server } from 'node:net';

/** Where each server listens, unless the port is already in use. */
export const defaultPorts = {
  kafka: 9092,
  kafkaController: 9093,
  sourceDatabase: 5433,
  targetDatabase: 5434,
  s3: 9000,
  dynamodb: 8000,
  lambda: 3002,
  http: 3000,
  metrics: 9464,
  s3Notifications: 9001,
} as const;

export type PortName = keyof typeof defaultPorts;

// Below the ranges from which systems pick ports for outgoing connections: otherwise a connection could take the port
// of a server that is just restarting.
const LOWEST_FREE_PORT = 15_000;
const HIGHEST_FREE_PORT = 31_999;
const MAX_ATTEMPTS = 200;

/**
 * Chooses loopback ports, each only once.
 *
 * A port that is not a default one is even, and reserved until `release`, also while its server has not started yet or
 * restarts: this process listens on the odd port above it, and every PortChooser tries to listen there first. A default
 * port is not reserved: another process may take it before the server listens, and the server then fails to start.
 */
export class PortChooser {
  readonly #preferDefaults: boolean;
  readonly #onNotice: (line: string) => void;
  readonly #chosen = new Set<number>();
  readonly #reservations: Server[] = [];

  constructor(options: { preferDefaults: boolean; onNotice: (line: string) => void }) {
    this.#preferDefaults = options.preferDefaults;
    this.#onNotice = options.onNotice;
  }

  async choose(name: PortName): Promise<number> {
    const preferred = defaultPorts[name];
    if (this.#preferDefaults && !this.#chosen.has(preferred) && (await isPortFree(preferred))) {
      this.#chosen.add(preferred);
      return preferred;
    }
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const port = LOWEST_FREE_PORT + 2 * Math.floor((Math.random() * (HIGHEST_FREE_PORT - LOWEST_FREE_PORT + 1)) / 2);
      if (!(await this.#reserve(port))) continue;
      if (this.#preferDefaults) this.#onNotice(`Port ${preferred} (${name}) is in use; using ${port} instead.`);
      return port;
    }
    throw new Error(
      `No free port for ${name} between ${LOWEST_FREE_PORT} and ${HIGHEST_FREE_PORT}: stop other servers.`,
    );
  }

  /** Ends the reservations. Servers that still run keep their ports. */
  release(): void {
    for (const reservation of this.#reservations.splice(0)) reservation.close();
  }

  async #reserve(port: number): Promise<boolean> {
    const reservation = await listen(port + 1);
    if (reservation === undefined) return false;
    // Lets the process exit while it holds the reservation.
    reservation.unref();
    if (!(await isPortFree(port))) {
      reservation.close();
      return false;
    }
    this.#reservations.push(reservation);
    return true;
  }
}

/**
 * Whether nothing accepts connections on the port and it can be listened on. Both are checked, because some systems let
 * two processes listen on the same port of different addresses.
 */
export async function isPortFree(port: number): Promise<boolean> {
  return !(await acceptsConnections(port)) && (await canListen(port));
}

function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 500 });
    const end = (isAccepted: boolean) => {
      socket.destroy();
      resolve(isAccepted);
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
