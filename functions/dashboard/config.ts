import { z } from 'zod';
import { kafkaShape, sourceDatabaseShape, targetDatabaseShape } from '../runtime/config.ts';

export const dashboardShape = {
  ...kafkaShape,
  ...sourceDatabaseShape,
  ...targetDatabaseShape,
  OFFSET_TABLE: z.string().describe('DynamoDB table with the text key "id", e.g. employee-streams-offsets'),
  DASHBOARD_STAGE: z.string().describe('the stage that the page names, e.g. prod'),
};
