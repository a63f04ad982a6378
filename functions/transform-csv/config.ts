import * as z from 'zod';
import { kafkaShape, salaryFilterShape, targetDatabaseShape } from '../runtime/config.ts';

export const transformCsvShape = {
  ...kafkaShape,
  ...targetDatabaseShape,
  ...salaryFilterShape,
  CONTINUE_BEFORE_END_SECONDS: z.coerce
    .number()
    .positive()
    .default(30)
    .describe(
      'seconds before the end of an invocation at which the next one takes over, e.g. 30; at most a quarter of the ' +
        'timeout is used. If it is too short, rows in flight are lost with the invocation and sent again',
    ),
  AWS_LAMBDA_FUNCTION_NAME: z
    .string()
    .describe('set by Lambda: name of the function, which invokes itself to continue a long file'),
};
