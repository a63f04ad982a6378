import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';

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
