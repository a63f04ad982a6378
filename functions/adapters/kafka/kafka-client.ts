import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import type { Kafka } from 'kafkajs';
import type { KafkaProduceClient } from './kafka-produce-client.ts';
import type { BrokerConnection } from './kafka-requests.ts';

export interface KafkaSettings {
  /** Bootstrap brokers as `host:port`. */
  readonly brokers: readonly string[];
  /** `iam` signs in to MSK with the function's own role; `none` is a plaintext broker on a laptop. */
  readonly auth: 'none' | 'iam';
  /** AWS region of the cluster; required with `iam`. */
  readonly region?: string | undefined;
  readonly clientId: string;
}

/** Time to connect to a broker, TLS handshake and sign-in included. */
const CONNECT_TIMEOUT_MS = 3_000;

/*
 * Both libraries are loaded on first use: a function that publishes nothing, or administers nothing, starts faster
 * without them.
 */

/** The client for administration. It connects on first use. */
export async function createAdminClient(settings: KafkaSettings): Promise<Kafka> {
  const tokenProvider = tokenProviderOf(settings);
  const { default: kafkajs } = await import('kafkajs');
  return new kafkajs.Kafka({
    clientId: settings.clientId,
    brokers: [...settings.brokers],
    // Errors that matter are thrown, and logged by the caller; the client would also log what it retries itself.
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: 10_000,
    // Short, because the event source retries during an outage.
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 5 },
    ...(tokenProvider && {
      ssl: true,
      sasl: { mechanism: 'oauthbearer' as const, oauthBearerProvider: async () => ({ value: await tokenProvider() }) },
    }),
  });
}

/** The client for publishing. It connects on first use. */
export async function createProduceClient(settings: KafkaSettings): Promise<KafkaProduceClient> {
  const { KafkaProduceClient } = await import('./kafka-produce-client.ts');
  const { clientId, brokers } = settings;
  return new KafkaProduceClient({ clientId, brokers, ...requestSettings(settings) });
}

/** The settings of the connections of a client that is not kafkajs. */
export function requestSettings(settings: KafkaSettings): BrokerConnection {
  const tokenProvider = tokenProviderOf(settings);
  return { connectTimeoutMs: CONNECT_TIMEOUT_MS, ...(tokenProvider && { tokenProvider }) };
}

/** Gives tokens for MSK, signed by the function's own role, or `undefined` for a broker without authentication. */
function tokenProviderOf({ auth, region }: KafkaSettings): (() => Promise<string>) | undefined {
  if (auth === 'none') return undefined;
  if (region === undefined) throw new TypeError('expected a region to sign in to MSK with IAM, got none');
  return async () => (await generateAuthToken({ region })).token;
}
