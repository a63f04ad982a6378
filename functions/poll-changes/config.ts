import * as z from 'zod';
import { kafkaShape, sourceDatabaseShape } from '../runtime/config.ts';

const wholeNumber = (minimum: number, fallback: number) =>
  z.coerce
    .number(`expected a whole number from ${minimum}`)
    .int(`expected a whole number from ${minimum}`)
    .min(minimum, `expected a whole number from ${minimum}`)
    .default(fallback);

export const pollChangesShape = {
  ...kafkaShape,
  ...sourceDatabaseShape,
  OFFSET_TABLE: z.string().describe('DynamoDB table with the text key "id", e.g. employee-streams-offsets'),
  POLLER_LEASE_MS: wholeNumber(1_000, 3_000).describe(
    'milliseconds without a heartbeat until another poller takes over, e.g. 3000',
  ),
  CDC_RETENTION_HOURS: wholeNumber(0, 168).describe('minimum hours that emp_cdc retains a published change, e.g. 168'),
  CDC_PURGE_SECONDS: wholeNumber(1, 60).describe('seconds between two purges of emp_cdc, e.g. 60'),
};
