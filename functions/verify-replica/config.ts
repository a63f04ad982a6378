import * as z from 'zod';
import {
  changeRulesShape,
  kafkaShape,
  salaryFilterShape,
  sourceDatabaseShape,
  targetDatabaseShape,
} from '../runtime/config.ts';

export const verifyReplicaShape = {
  ...kafkaShape,
  ...sourceDatabaseShape,
  ...targetDatabaseShape,
  ...changeRulesShape,
  ...salaryFilterShape,
  OFFSET_TABLE: z.string().describe('DynamoDB table with the text key "id", e.g. employee-streams-offsets'),
};
