import * as z from 'zod';
import { kafkaShape, salaryFilterShape, targetDatabaseShape } from '../runtime/config.ts';

export const redriveShape = {
  ...kafkaShape,
  ...targetDatabaseShape,
  ...salaryFilterShape,
  TRANSFORM_FUNCTION_NAME: z
    .string()
    .describe('name of the function transform-csv, which processes rejected files again'),
  CONTINUE_BEFORE_END_SECONDS: z.coerce
    .number()
    .positive()
    .default(30)
    .describe('seconds before the end of an invocation at which the next one takes over, e.g. 30'),
  AWS_LAMBDA_FUNCTION_NAME: z
    .string()
    .describe('set by Lambda: name of the function, which invokes itself to continue a long redrive'),
};
