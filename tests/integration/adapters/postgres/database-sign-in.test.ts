import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import {
  type AddressInfo,
  createServer,
  getDefaultAutoSelectFamily,
  type Server,
  type Socket,
  setDefaultAutoSelectFamily,
} from 'node:net';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { Database } from '../../../../functions/adapters/postgres/database.ts';

/** A self-signed certificate for the name "localhost". */
const TLS = join(__dirname, '../../../fixtures/tls');
const certificate = join(TLS, 'server.crt');

interface SignIn {
  readonly user: string | undefined;
  readonly database: string | undefined;
  readonly password: string;
}

/** The part of PostgreSQL's protocol that signs in over TLS: requests a clear-text password and refuses it. */
class SignInServer {
  readonly signIns: SignIn[] = [];
  readonly #server: Server = createServer((socket) => this.#greet(socket));

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, 'localhost', resolve));
    return (this.#server.address() as AddressInfo).port;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #greet(socket: Socket): void {
    // A client that does not trust the certificate closes the connection.
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write('S');
      const secure = new TLSSocket(socket, {
        isServer: true,
        key: readFileSync(join(TLS, 'server.key')),
        cert: readFileSync(certificate),
      });
      secure.on('error', () => {});
      secure.once('data', (startup: Buffer) => {
        const words = startup.subarray(8).toString().split('\0');
        const parameter = (name: string) => words[words.indexOf(name) + 1];
        secure.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]));
        secure.once('data', (answer: Buffer) => {
          const password = answer.subarray(5, -1).toString();
          this.signIns.push({ user: parameter('user'), database: parameter('database'), password });
          const fields = Buffer.from('SFATAL\0C28P01\0Mrefused\0\0');
          const head = Buffer.from([0x45, 0, 0, 0, fields.length + 4]);
          secure.end(Buffer.concat([head, fields]));
        });
      });
    });
  }
}

describe('Database, with a secret', () => {
  let postgres: SignInServer;
  let secrets: HttpServer;
  let secret: string;
  let secretRequests: unknown[];
  let port: number;
  let opened: Database[];
  const environment = { ...process.env };
  const selectsFamily = getDefaultAutoSelectFamily();

  // Server and client use the first address of "localhost". By default a client tries the next address after 250 ms,
  // which a busy machine may need for the first one.
  beforeAll(() => setDefaultAutoSelectFamily(false));
  afterAll(() => setDefaultAutoSelectFamily(selectsFamily));

  beforeEach(async () => {
    postgres = new SignInServer();
    port = await postgres.listen();
    secretRequests = [];
    opened = [];
    secret = JSON.stringify({ username: 'master', password: "first'$%@:/ü" });
    secrets = createHttpServer(async (request, response) => {
      secretRequests.push(await json(request));
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      response.end(JSON.stringify({ SecretString: secret }));
    });
    await new Promise<void>((resolve) => secrets.listen(0, '127.0.0.1', resolve));
    Object.assign(process.env, {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${(secrets.address() as AddressInfo).port}`,
    });
  });

  afterEach(async () => {
    process.env = { ...environment };
    await Promise.all(opened.map((database) => database.close()));
    secrets.closeAllConnections();
    await Promise.all([postgres.close(), new Promise((resolve) => secrets.close(resolve))]);
  });

  async function open(parameters: string): Promise<Database> {
    const url = `postgres://localhost:${port}/target?sslmode=verify-full${parameters}`;
    const database = await Database.open({ url, secretArn: 'arn:secret', applicationName: 'test' });
    opened.push(database);
    return database;
  }

  it('signs in over TLS with user and password of the secret', async () => {
    const database = await open(`&sslrootcert=${certificate}`);
    await expect(database.query('select 1')).rejects.toMatchObject({ code: '28P01' });
    expect(postgres.signIns).toEqual([{ user: 'master', database: 'target', password: "first'$%@:/ü" }]);
    expect(secretRequests[0]).toEqual({ SecretId: 'arn:secret' });
  });

  it('uses the new password after the secret was rotated', async () => {
    const database = await open(`&sslrootcert=${certificate}`);
    await expect(database.query('select 1')).rejects.toMatchObject({ code: '28P01' });
    secret = JSON.stringify({ username: 'master', password: 'second' });
    await expect(database.query('select 1')).rejects.toMatchObject({ code: '28P01' });
    expect(postgres.signIns.map(({ password }) => password)).toEqual(["first'$%@:/ü", 'second']);
  });

  it('does not send the password to a server with an untrusted certificate', async () => {
    const database = await open('');
    await expect(database.query('select 1')).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(postgres.signIns).toEqual([]);
  });

  it.each([
    ['is not JSON', 'hunter2'],
    ['has no password', '{"username": "hunter2"}'],
  ])('names a secret that %s, without its content', async (_, text) => {
    secret = text;
    const attempt = open('');
    await expect(attempt).rejects.toThrow('expected secret arn:secret to hold {"username", "password"} as JSON');
    await expect(attempt).rejects.toThrow(expect.objectContaining({ message: expect.not.stringContaining('hunter2') }));
  });
});
