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
import { openAsOwner } from '../../../../functions/adapters/postgres/open-as-owner.ts';
import { signInBySecret } from '../../../../functions/adapters/postgres/sign-in-by-secret.ts';

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
  /** The SQLSTATE of its answer. */
  refusal = '28P01';
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
          const fields = Buffer.from(`SFATAL\0C${this.refusal}\0Mrefused\0\0`);
          const head = Buffer.from([0x45, 0, 0, 0, fields.length + 4]);
          secure.end(Buffer.concat([head, fields]));
        });
      });
    });
  }
}

describe('Database, on a server that demands a password', () => {
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
    const database = await Database.open({ url, signIn: await signInBySecret('arn:secret'), applicationName: 'test' });
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

  describe('with IAM', () => {
    const settings = () => ({
      url: `postgres://localhost:${port}/target?sslmode=verify-full&sslrootcert=${certificate}`,
      ...{ region: 'eu-central-1', applicationName: 'test' },
    });

    it('signs in over TLS with a token for its role, signed again for each connection, and reads no secret', async () => {
      const database = await Database.open({ ...settings(), user: 'employee_streams_reader', auth: 'iam' });
      opened.push(database);
      await expect(database.query('select 1')).rejects.toMatchObject({ code: '28P01' });
      process.env['AWS_ACCESS_KEY_ID'] = 'rotated';
      await expect(database.query('select 1')).rejects.toMatchObject({ code: '28P01' });
      expect(postgres.signIns.map(({ user }) => user)).toEqual(['employee_streams_reader', 'employee_streams_reader']);
      const tokens = postgres.signIns.map(({ password }) => new URL(`https://${password}`));
      for (const { hostname, port: signedPort, searchParams } of tokens) {
        expect([hostname, Number(signedPort)]).toEqual(['localhost', port]);
        expect(Object.fromEntries(searchParams)).toMatchObject({
          ...{ Action: 'connect', DBUser: 'employee_streams_reader', 'X-Amz-Expires': '900' },
          'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
        });
      }
      expect(tokens.map(({ searchParams }) => searchParams.get('X-Amz-Credential')?.replace(/\d{8}/, 'DAY'))).toEqual([
        'test/DAY/eu-central-1/rds-db/aws4_request',
        'test/DAY/eu-central-1/rds-db/aws4_request',
      ]);
      expect(secretRequests).toEqual([]);
    });

    it('names what it lacks', async () => {
      await expect(Database.open({ ...settings(), auth: 'iam' })).rejects.toThrow(
        'expected a host, a user and a region to sign in to RDS with IAM',
      );
    });

    it('is how the owner signs in when the server refuses the password of a member of rds_iam', async () => {
      postgres.refusal = '28000';
      const database = await openAsOwner(settings(), 'arn:secret');
      opened.push(database);
      await expect(database.query('select 1')).rejects.toMatchObject({ code: '28000' });
      expect(postgres.signIns.map(({ user }) => user)).toEqual(['master', 'master']);
      const [password, token] = postgres.signIns.map((signIn) => signIn.password);
      expect(password).toBe("first'$%@:/ü");
      expect(token).toContain('DBUser=master');
    });

    it('is not how the owner signs in when only the password is wrong', async () => {
      await expect(openAsOwner(settings(), 'arn:secret')).rejects.toMatchObject({ code: '28P01' });
      expect(postgres.signIns).toHaveLength(1);
    });
  });
});
