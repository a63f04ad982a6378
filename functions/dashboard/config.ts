import * as z from 'zod';
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
  DASHBOARD_REFRESH_WAIT_MS: z.coerce
    .number('expected a whole number from 0')
    .int('expected a whole number from 0')
    .min(0, 'expected a whole number from 0')
    .default(900)
    .describe('milliseconds that a page waits for newer values before it shows those it has, e.g. 900'),
};
