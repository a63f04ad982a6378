import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { Metrics } from '@aws-lambda-powertools/metrics';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { PipelineError } from '../core/errors.ts';
import { FUNCTION_DIMENSION, METRICS_NAMESPACE } from './metric-names.ts';

/** What every use case may use to tell what it does. */
export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface HandlerOptions<Event, Result, Dependencies> {
  readonly name: string;
  readonly connect: (telemetry: Telemetry) => Dependencies | Promise<Dependencies>;
  readonly handle: (dependencies: Dependencies, event: Event, context: Context) => Promise<Result>;
}

/**
 * What all handlers share: the log context of the invocation, metrics flushed at its end, and a failure logged once
 * with its code and place, then thrown, so that the event source tries again.
 *
 * `connect` makes the dependencies from the environment at the first invocation and keeps them for the next ones; when
 * it fails, the next invocation tries again. `withDependencies` gives the same handler on other dependencies, as tests need.
 */
export function createHandler<Event, Result, Dependencies>(options: HandlerOptions<Event, Result, Dependencies>) {
  return Object.assign(wrap(options), {
    withDependencies: (connect: HandlerOptions<Event, Result, Dependencies>['connect']) =>
      wrap({ ...options, connect }),
  });
}

function wrap<Event, Result, Dependencies>(options: HandlerOptions<Event, Result, Dependencies>) {
  const logger = new Logger({ serviceName: options.name });
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: options.name });
  let dependencies: Promise<Dependencies> | undefined;
  const flushMetrics = ({ functionName }: Context) => {
    // An invocation without a figure is nothing to warn of.
    if (!metrics.hasStoredMetrics()) return;
    metrics.addDimension(FUNCTION_DIMENSION, functionName);
    metrics.publishStoredMetrics();
  };

  return middy<Event, Result, Error, Context>({ timeoutEarlyInMillis: 0 })
    .use(injectLambdaContext(logger))
    .after(({ context }) => flushMetrics(context))
    .onError((request) => {
      flushMetrics(request.context);
      const error = toError(request.error);
      logger.error(error.message, { error: error, ...(error instanceof PipelineError && { context: error.context }) });
      throw error;
    })
    .handler(async (event: Event, context: Context) => {
      dependencies ??= Promise.resolve(options.connect({ logger, metrics })).catch((error) => {
        dependencies = undefined;
        throw error;
      });
      return options.handle(await dependencies, event, context);
    });
}

/** A thrown non-Error counts as success on some local runners, so it never leaves a handler. */
function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`a handler threw something that is no Error: ${String(thrown)}`);
}
