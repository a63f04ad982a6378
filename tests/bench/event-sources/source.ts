import { join } from 'node:path';
import { EventSources } from '../../../localstack/event-sources/event-sources.ts';
import { createLogger } from '../../../localstack/event-sources/logger.ts';
import type { Invoker } from '../../../localstack/event-sources/model/invocation.ts';
import { readOptions } from '../../../localstack/event-sources/options.ts';
import { readTemplate } from '../../../localstack/event-sources/template/template-model.ts';
import { BATCH_SIZE, CONCURRENT_INVOCATIONS, type LoopTask } from './loop-task.ts';

/** The event source as the plugin and the command line start it, with one mapping to one function. */
export function benchSource(task: LoopTask, functionName: string, windowSeconds: number, invoker: Invoker) {
  const model = readTemplate(
    {
      Resources: {
        Function: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: functionName, Timeout: 30 } },
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            FunctionName: { Ref: 'Function' },
            EventSourceArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/bench/1',
            Topics: [task.topic],
            StartingPosition: 'TRIM_HORIZON',
            BatchSize: BATCH_SIZE,
            MaximumBatchingWindowInSeconds: windowSeconds,
            ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: CONCURRENT_INVOCATIONS },
            AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: task.group },
          },
        },
      },
    },
    {},
    { brokers: task.brokers, allowErrorControlsOnDemand: false, maximumFilters: 5, now: Date.now },
  );
  const options = readOptions({ brokers: [...task.brokers], stateDirectory: join(task.directory, task.group) });
  // Log lines are created and dropped, because the cost of logging belongs to the measurement.
  return new EventSources({ model, options, invoker, log: createLogger('info', () => {}) });
}
