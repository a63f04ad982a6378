import * as z from 'zod';
import { kafkaShape, sourceDatabaseShape, targetDatabaseShape } from '../runtime/config.ts';

const secretArn = z
  .string()
  .optional()
  .describe('Secrets Manager secret with {"username", "password"} of the owner; not needed when the URL contains both');

export const provisionShape = {
  ...kafkaShape,
  SOURCE_DATABASE_URL: sourceDatabaseShape.SOURCE_DATABASE_URL,
  SOURCE_DATABASE_SECRET_ARN: secretArn,
  TARGET_DATABASE_URL: targetDatabaseShape.TARGET_DATABASE_URL,
  TARGET_DATABASE_SECRET_ARN: secretArn,
  TOPIC_PARTITIONS: z.coerce
    .number('expected a whole number from 1')
    .int('expected a whole number from 1')
    .min(1, 'expected a whole number from 1')
    .default(6)
    .describe('partitions of each topic when it is created, e.g. 6'),
};
