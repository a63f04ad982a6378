import * as z from 'zod';
import { kafkaShape, sourceDatabaseShape, targetDatabaseShape } from '../runtime/config.ts';

export const provisionShape = {
  ...kafkaShape,
  ...sourceDatabaseShape,
  ...targetDatabaseShape,
  TOPIC_PARTITIONS: z.coerce
    .number('expected a whole number from 1')
    .int('expected a whole number from 1')
    .min(1, 'expected a whole number from 1')
    .default(6)
    .describe('partitions of each topic when it is created, e.g. 6'),
};
