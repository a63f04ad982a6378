import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { PipelineError } from '../core/errors.ts';
import type { ConditionStore } from '../ports/condition-store.ts';
import { FailureReporter, type WorkItem } from './failure-reporter.ts';
import { MetricRecorder } from './metric-recorder.ts';
import { METRIC } from './metrics.ts';

/** The log and the metrics of one function. */
export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: MetricRecorder;
}

interface HandlerOptions<Event, Result, Dependencies> {
  readonly name: string;
  readonly connect: (telemetry: Telemetry) => Dependencies | Promise<Dependencies>;
  readonly handle: (dependencies: Dependencies, event: Event, context: Context) => Promise<Result>;
  /** Opens the store for failures, which `npm run status` shows; `undefined`: failures are only logged. */
  readonly openConditions?: () => ConditionStore | undefined;
  /** What an event is about, so that each part has a condition of its own. By default the function is one part. */
  readonly workOf?: (event: Event) => readonly WorkItem[];
}

/**
 * Creates a Lambda handler with what all handlers share: the log context of the invocation, metrics that are published
 * about once a second, and failures that are logged once, with code and context, reported as conditions, and thrown again for the event
 * source to retry.
 *
 * `connect` creates the dependencies from the environment at the first invocation. They are kept for later invocations;
 * if it fails, the next invocation calls it again. `withDependencies` returns the same handler with another `connect`,
 * for tests.
 */
export function createHandler<Event, Result, Dependencies>(options: HandlerOptions<Event, Result, Dependencies>) {
  return Object.assign(wrap(options), {
    withDependencies: (connect: HandlerOptions<Event, Result, Dependencies>['connect']) =>
      wrap({ ...options, connect }),
  });
}

function wrap<Event, Result, Dependencies>(options: HandlerOptions<Event, Result, Dependencies>) {
  const logger = new Logger({ serviceName: options.name });
  const metrics = new MetricRecorder(options.name);
  let dependencies: Promise<Dependencies> | undefined;
  let reporter: FailureReporter | null | undefined;
  const openReporter = () => {
    if (reporter === undefined) {
      const store = options.openConditions?.();
      reporter = store ? new FailureReporter(options.name, store, logger) : null;
    }
    return reporter;
  };
  const workOf = options.workOf ?? (() => [{ id: options.name }]);

  return middy<Event, Result, Error, Context>({ timeoutEarlyInMillis: 0 })
    .use(injectLambdaContext(logger))
    .after(async ({ event, context }) => {
      metrics.publishWhenDue(context.functionName);
      await reporter?.succeeded(workOf(event));
    })
    .onError(async (request) => {
      metrics.add(METRIC.failures, 1);
      metrics.publishWhenDue(request.context.functionName);
      const error = toError(request.error);
      logger.error(error.message, { error: error, ...(error instanceof PipelineError && { context: error.context }) });
      await openReporter()?.failed(workOf(request.event), error);
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

/** Converts anything that was thrown into an Error, because some local runners treat other values as success. */
function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`expected the handler to throw an Error, got ${String(thrown)}`);
}
