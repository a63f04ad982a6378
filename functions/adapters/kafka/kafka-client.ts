import net from 'node:net';
import tls from 'node:tls';
import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import { type ISocketFactory, Kafka, type KafkaConfig, logLevel } from 'kafkajs';

export interface KafkaSettings {
  readonly brokers: readonly string[];
  /** `iam` signs in to MSK with the function's own role; `none` is a plaintext broker on a laptop. */
  readonly auth: 'none' | 'iam';
  /** AWS region of the cluster; needed with `iam`. */
  readonly region?: string | undefined;
  readonly clientId: string;
}

silenceNegativeTimeoutWarning();

/** The one place where a Kafka client is made. Nothing connects yet. */
export function createKafka(settings: KafkaSettings): Kafka {
  return new Kafka({
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    socketFactory: connectWithoutDelay,
    // Whatever matters is thrown and logged by whoever gives up; the client would also log what it retries by itself.
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3_000,
    // The slowest healthy answer is that of a write which waits for a replica that is about to leave the in-sync set.
    requestTimeout: 10_000,
    // Short: an outage is for the event source to wait out, an invocation that hangs helps nobody.
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
    ...(settings.auth === 'iam' && signInWithRole(settings.region)),
  });
}

const KEEP_ALIVE_DELAY_MS = 60_000;

/**
 * As the client connects by itself, but without Nagle's algorithm: several small requests under way on one connection
 * would otherwise wait for each other's acknowledgements, some 40 ms each time.
 */
const connectWithoutDelay: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? tls.connect({ host, port, ...(net.isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
    : net.connect({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  return socket;
};

function signInWithRole(region: string | undefined): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  if (region === undefined) throw new TypeError('a region is needed to sign in to MSK with IAM');
  return {
    ssl: true,
    sasl: {
      mechanism: 'oauthbearer',
      oauthBearerProvider: async () => ({ value: (await generateAuthToken({ region })).token }),
    },
  };
}

/** kafkajs 2.2.4 computes negative timeouts, for which Node 24 prints a warning each time; no other is touched. */
function silenceNegativeTimeoutWarning(): void {
  const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  process.emitWarning = ((...args: unknown[]) => {
    if (args[1] !== 'TimeoutNegativeWarning') emitWarning(...args);
  }) as typeof process.emitWarning;
}
