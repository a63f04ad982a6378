import { join } from 'node:path';
import type { EventSourcesInput, RuntimeHooks } from '../../event-sources/options.ts';
import type { StackEndpoints } from '../endpoints.ts';
import { MINIO_WEBHOOK_ARN } from '../servers/minio-server.ts';
import type { RunningStack } from './running-stack.ts';

const POLLING_TIMEOUT_MS = 300_000;

/** Starts the event sources plugin, if the service has it, after the functions can be invoked. */
export class EventSourcesStart {
  readonly #allowed = Promise.withResolvers<void>();
  readonly #polling = Promise.withResolvers<void>();
  #isWaiting = false;

  /** `custom.eventSources`: the servers, and the hooks that make the event sources wait for `allow`. */
  settings(endpoints: StackEndpoints, running: RunningStack): EventSourcesInput & RuntimeHooks {
    const { bucket: _, ...s3 } = endpoints.s3;
    const notifications = { port: running.ports.s3Notifications, targetArn: MINIO_WEBHOOK_ARN };
    return {
      brokers: endpoints.kafka.brokers,
      s3: { ...s3, ...(running.s3.notifies && { kind: 'minio', notifications }) },
      lambdaEndpoint: endpoints.lambda.endpoint,
      metricsPort: running.ports.metrics,
      stateDirectory: join(running.directory, 'event-sources'),
      waitFor: () => {
        this.#isWaiting = true;
        return this.#allowed.promise;
      },
      onReady: () => this.#polling.resolve(),
    };
  }

  /**
   * Lets the event sources start. Resolves when all of them poll or say what they wait for, or at once when the service has
   * no event sources.
   */
  async allow(): Promise<void> {
    this.#allowed.resolve();
    if (!this.#isWaiting) return;
    const error = new Error(
      `The event sources did not start within ${POLLING_TIMEOUT_MS / 1000} s: see their messages.`,
    );
    const timer = setTimeout(() => this.#polling.reject(error), POLLING_TIMEOUT_MS);
    await this.#polling.promise.finally(() => clearTimeout(timer));
  }
}
