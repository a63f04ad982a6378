import { LambdaClient } from '@aws-sdk/client-lambda';
import { openConditionStore } from '../adapters/dynamodb/open-condition-store.ts';
import { LambdaFunctionInvoker } from '../adapters/lambda/lambda-function-invoker.ts';
import { createS3Client } from '../adapters/s3/s3-client.ts';
import { S3ObjectStore } from '../adapters/s3/s3-object-store.ts';
import {
  CHANGES_DEAD_LETTER_GROUP,
  CHANGES_GROUP,
  CHANGES_TOPIC,
  SALARIES_DEAD_LETTER_GROUP,
  SALARIES_GROUP,
  SALARIES_TOPIC,
} from '../core/topics.ts';
import { conditionsShape, kafkaOf, loadConfig, salaryFilterOf, targetDatabaseOf } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { systemClock } from '../runtime/system-clock.ts';
import { redriveShape } from './config.ts';
import { handleRedriveEvent, type RedriveDependencies } from './handle-event.ts';
import { decodeRedriveEvent } from './redrive-event.ts';
import { openRedrive } from './wiring.ts';

const NAME = 'redrive';

export const handler = createHandler({
  name: NAME,
  openConditions: () => openConditionStore(loadConfig(conditionsShape, process.env).OFFSET_TABLE),
  connect: async ({ logger }): Promise<RedriveDependencies> => {
    const config = loadConfig(redriveShape, process.env);
    const lambda = new LambdaClient({});
    return openRedrive({
      ...{ kafka: kafkaOf(config, NAME), targetDatabase: targetDatabaseOf(config, NAME), logger, clock: systemClock },
      changes: { topic: CHANGES_TOPIC, group: CHANGES_GROUP, deadLetterGroup: CHANGES_DEAD_LETTER_GROUP },
      salaries: { topic: SALARIES_TOPIC, group: SALARIES_GROUP, deadLetterGroup: SALARIES_DEAD_LETTER_GROUP },
      ...{ store: new S3ObjectStore(createS3Client()), filter: salaryFilterOf(config) },
      transformCsv: new LambdaFunctionInvoker(lambda, config.TRANSFORM_FUNCTION_NAME),
      redrive: new LambdaFunctionInvoker(lambda, config.AWS_LAMBDA_FUNCTION_NAME),
      marginMs: config.CONTINUE_BEFORE_END_SECONDS * 1_000,
    });
  },
  handle: (connections, event: unknown, context) =>
    handleRedriveEvent(connections, decodeRedriveEvent(event), {
      owner: context.awsRequestId,
      deadline: { remainingMs: () => context.getRemainingTimeInMillis() },
    }),
});
