import { type ConnectionPool, findErrorBy, GenericError, MultipleErrors } from '@platformatic/kafka';
import { TransientKafkaError } from './produce-client.ts';

export interface BrokerConnection {
  readonly connectTimeoutMs: number;
  /** Signs in with OAUTHBEARER over TLS; plaintext without it. */
  readonly tokenProvider?: () => Promise<string>;
}

/** The settings as @platformatic/kafka has them. */
export function connectionOptions({ connectTimeoutMs, tokenProvider }: BrokerConnection) {
  return {
    connectTimeout: connectTimeoutMs,
    ...(tokenProvider && {
      tls: {},
      tlsServerName: true,
      sasl: { mechanism: 'OAUTHBEARER' as const, token: tokenProvider },
    }),
  };
}

/**
 * The library listens for the first error of a connection only. After a failed sign-in, a reset by the broker is the
 * second one, and without a listener it would end the process. The caller has the first error already.
 */
export function ignoreLaterErrors(pool: ConnectionPool): void {
  pool.on('connecting', ({ connection }) => connection.on('error', () => {}));
}

/** @throws TransientKafkaError when the same request may succeed later; otherwise the permanent reason. */
export async function attempt<Result>(request: Promise<Result>): Promise<Result> {
  try {
    return await request;
  } catch (error) {
    const isTransient =
      error instanceof Error && GenericError.isGenericError(error) && !findErrorBy(error, 'canRetry', false);
    const reason = causeOf(error);
    throw isTransient ? new TransientKafkaError(reason.message, { cause: reason }) : reason;
  }
}

/** Why a request failed: of several attempts the permanent error, else the last one. */
function causeOf(error: unknown): Error {
  if (error instanceof MultipleErrors && error.errors.length > 0) {
    const permanent = error.errors.find((each) => findErrorBy(each, 'canRetry', false));
    return causeOf(permanent ?? error.errors.at(-1));
  }
  return error instanceof Error ? error : new Error(String(error));
}

/** In any order, so that a broker that hangs is not the first choice of every new client. */
export function shuffled(brokers: readonly string[]): string[] {
  return brokers
    .map((broker) => ({ broker, rank: Math.random() }))
    .sort((left, right) => left.rank - right.rank)
    .map(({ broker }) => broker);
}
