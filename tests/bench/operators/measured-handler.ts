import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import { sdkEnvironment } from '../../../localstack/stack/service/environment.ts';
import type { TemporaryStack } from '../../../localstack/stack/temporary-stack.ts';
import { lambdaFlags } from '../transform-memory/function-settings.ts';
import type { HandlerAnswer } from './handler-process.ts';

export interface MeasuredHandler {
  run(event: object): Promise<HandlerAnswer>;
  stop(): Promise<void>;
}

/**
 * The bundled function in a process of its own, so that its memory can be measured.
 *
 * @param environment what the function needs beside Kafka, the target and the offset table.
 */
export async function startHandler(
  functionName: string,
  stack: TemporaryStack,
  endpoints: StackEndpoints,
  environment: Record<string, string | undefined>,
): Promise<MeasuredHandler> {
  const bundle = join(stack.directory, 'build', '.build', 'functions', functionName, 'handler.mjs');
  const child = fork(new URL('handler-process.ts', import.meta.url), [bundle, functionName], {
    execArgv: lambdaFlags(functionName),
    // Standard output has only the results of the benchmark.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      ...sdkEnvironment(endpoints),
      ...{ KAFKA_BROKERS: endpoints.kafka.brokers.join(','), KAFKA_AUTH: 'none' },
      ...{ TARGET_DATABASE_URL: endpoints.targetDatabaseUrl, OFFSET_TABLE: endpoints.dynamodb.offsetTable },
      ...{ POWERTOOLS_METRICS_DISABLED: 'true', POWERTOOLS_LOG_LEVEL: 'WARN' },
      ...environment,
    },
  });
  await answer(child, functionName);
  return {
    run: async (event) => {
      const answered = answer(child, functionName);
      child.send(event);
      return (await answered) as HandlerAnswer;
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}

/** @throws when the process ends instead. */
async function answer(child: ChildProcess, functionName: string): Promise<unknown> {
  const listening = new AbortController();
  const { signal } = listening;
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`expected an answer of ${functionName}, but its process ended with code ${code}`);
  });
  ended.catch(() => {});
  try {
    const [message] = await Promise.race([once(child, 'message', { signal }), ended]);
    return message;
  } finally {
    listening.abort();
  }
}
