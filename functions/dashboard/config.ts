import { z } from 'zod';
import { kafkaShape, sourceDatabaseShape, targetDatabaseShape } from '../runtime/config.ts';

export const dashboardShape = {
  ...kafkaShape,
  ...sourceDatabaseShape,
  ...targetDatabaseShape,
  OFFSET_TABLE: z.string().describe('DynamoDB table with the text key "id", e.g. employee-streams-offsets'),
  REDRIVE_FUNCTION_NAME: z
    .string()
    .describe('the function that redrives dead letters, e.g. employee-streams-prod-redrive'),
  VERIFY_FUNCTION_NAME: z
    .string()
    .describe('the function that compares both sides, e.g. employee-streams-prod-verify-replica'),
  DASHBOARD_STAGE: z.string().describe('the stage that the page names, e.g. prod'),
};
