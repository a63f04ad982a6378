import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls, { type TlsOptions } from 'node:tls';
import { Reader, Writer } from '@platformatic/kafka';

const PRODUCE = 0;
const METADATA = 3;
const SASL_HANDSHAKE = 17;
const API_VERSIONS = 18;
const INIT_PRODUCER_ID = 22;
const SASL_AUTHENTICATE = 36;

/** The one version of each request that this broker knows. */
const VERSIONS = new Map([
  [PRODUCE, 9],
  [METADATA, 12],
  [SASL_HANDSHAKE, 1],
  [API_VERSIONS, 3],
  [INIT_PRODUCER_ID, 4],
  [SASL_AUTHENTICATE, 1],
]);

export interface FakeTopic {
  readonly name: string;
  /** The error code of each partition, in the response to every produce request. */
  readonly errorCodes: readonly number[];
}

/** Answers what a publisher asks over a real socket, as broker 1 that leads all partitions. */
export class FakeKafkaBroker {
  readonly port: number;
  /** The names of the requests so far. */
  readonly requests: string[] = [];
  /** What was sent to sign in. */
  readonly signIns: string[] = [];
  /** Takes connections and requests, and never answers. */
  hangs = false;
  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();
  /** Below TLS, if the broker uses it. */
  readonly #connections = new Set<Socket>();
  readonly #topic: FakeTopic | undefined;

  private constructor(server: net.Server, topic: FakeTopic | undefined) {
    this.#server = server;
    this.#topic = topic;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start({ topic, secure }: { topic?: FakeTopic; secure?: TlsOptions } = {}): Promise<FakeKafkaBroker> {
    const server = secure === undefined ? net.createServer() : tls.createServer(secure);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const broker = new FakeKafkaBroker(server, topic);
    server.on('connection', (socket: Socket) => broker.#connections.add(socket));
    server.on(secure === undefined ? 'connection' : 'secureConnection', (socket: Socket) => broker.#serve(socket));
    return broker;
  }

  /** As a host that crashes or is replaced does. */
  resetConnections(): void {
    for (const socket of this.#connections) socket.resetAndDestroy();
    this.#connections.clear();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    // A client that gives up resets the connection.
    socket.on('error', () => {});
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const end = 4 + received.readInt32BE(0);
        const response = this.#respond(Reader.from(received.subarray(4, end)));
        received = received.subarray(end);
        if (!this.hangs) socket.write(response);
      }
    });
  }

  #respond(request: Reader): Buffer {
    const api = request.readInt16();
    const version = request.readInt16();
    const response = Writer.create().appendInt32(request.readInt32());
    request.readNullableString(false);
    this.requests.push(NAMES[api] ?? String(api));
    if (api === SASL_HANDSHAKE) {
      response.appendInt16(0).appendInt32(1).appendString('OAUTHBEARER', false);
    } else if (api === SASL_AUTHENTICATE) {
      this.signIns.push(request.readBytes(false).toString());
      response.appendInt16(0).appendString(null, false).appendBytes(Buffer.from('ok'), false).appendInt64(0n);
    } else if (api === API_VERSIONS) {
      writeApiVersions(response, version);
    } else if (api === INIT_PRODUCER_ID) {
      response.appendTaggedFields().appendInt32(0).appendInt16(0).appendInt64(7n).appendInt16(0).appendTaggedFields();
    } else if (api === METADATA) {
      this.#writeMetadata(response.appendTaggedFields());
    } else if (api === PRODUCE) {
      this.#writeProduced(response.appendTaggedFields());
    }
    return response.prependLength().buffer;
  }

  #writeMetadata(response: Writer): void {
    response
      .appendInt32(0)
      .appendArray([this.port], (w, port) =>
        w.appendInt32(1).appendString('127.0.0.1').appendInt32(port).appendString(null),
      )
      .appendString('cluster')
      .appendInt32(1)
      .appendArray(this.#topic ? [this.#topic] : [], (w, { name, errorCodes }) => {
        w.appendInt16(0)
          .appendString(name)
          .appendUUID('00000000-0000-0000-0000-000000000001')
          .appendBoolean(false)
          .appendArray([...errorCodes.keys()], (w, partition) => {
            w.appendInt16(0).appendInt32(partition).appendInt32(1).appendInt32(0);
            for (const brokers of [[1], [1], []]) w.appendArray(brokers, (w, id) => w.appendInt32(id), true, false);
          })
          .appendInt32(0);
      })
      .appendTaggedFields();
  }

  #writeProduced(response: Writer): void {
    response
      .appendArray(this.#topic ? [this.#topic] : [], (w, { name, errorCodes }) => {
        w.appendString(name).appendArray([...errorCodes.entries()], (w, [partition, errorCode]) => {
          w.appendInt32(partition)
            .appendInt16(errorCode)
            .appendInt64(errorCode === 0 ? 7n : -1n)
            .appendInt64(-1n)
            .appendInt64(0n);
          w.appendArray([], () => {}).appendString(null);
        });
      })
      .appendInt32(0)
      .appendTaggedFields();
  }
}

const NAMES: Readonly<Record<number, string>> = {
  [PRODUCE]: 'Produce',
  [METADATA]: 'Metadata',
  [SASL_HANDSHAKE]: 'SaslHandshake',
  [API_VERSIONS]: 'ApiVersions',
  [INIT_PRODUCER_ID]: 'InitProducerId',
  [SASL_AUTHENTICATE]: 'SaslAuthenticate',
};

/** Clients ask in version 1 before they sign in, and in version 3, which has another encoding, after that. */
function writeApiVersions(response: Writer, version: number): void {
  const isCompact = version === 3;
  const apis = [...VERSIONS];
  response.appendInt16(0);
  response.appendArray(apis, (w, [api, v]) => w.appendInt16(api).appendInt16(v).appendInt16(v), isCompact, isCompact);
  response.appendInt32(0);
  if (isCompact) response.appendTaggedFields();
}
