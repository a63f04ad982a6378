import * as z from 'zod';
import { kafkaShape, targetDatabaseShape } from '../runtime/config.ts';

export const watchReplicaShape = {
  ...kafkaShape,
  ...targetDatabaseShape,
  BUCKET_NAME: z.string().describe('the bucket that salary files arrive in'),
  OFFSET_TABLE: z.string().describe('DynamoDB table with the text key "id", e.g. employee-streams-offsets'),
};
