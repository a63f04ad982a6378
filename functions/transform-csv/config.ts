import { z } from 'zod';
import { parseHireDate } from '../core/hire-date.ts';
import { kafkaShape, list, targetDatabaseShape } from '../runtime/config.ts';

export const transformCsvShape = {
  ...kafkaShape,
  ...targetDatabaseShape,
  SALARY_DEPARTMENTS: list()
    .refine((departments) => departments.length > 0, 'expected at least one department')
    .default(['ECC', 'CIT', 'EMS'])
    .describe('departments that are kept, comma-separated, spelled exactly, e.g. ECC,CIT,EMS'),
  HIRED_SINCE: z
    .string()
    .refine((text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && parseHireDate(text) === text, 'expected a day as YYYY-MM-DD')
    .default('2010-01-01')
    .describe('first hire date that is kept, e.g. 2010-01-01'),
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
