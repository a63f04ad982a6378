import { z } from 'zod';
import { readHireDate } from '../core/hire-date.ts';
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
    .refine((text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && readHireDate(text) === text, 'expected a day as YYYY-MM-DD')
    .default('2010-01-01')
    .describe('first hire date that is kept, e.g. 2010-01-01'),
  CONTINUE_BEFORE_END_SECONDS: z.coerce
    .number()
    .positive()
    .default(30)
    .describe(
      'seconds before the end of an invocation at which it hands over to the next one, e.g. 30; never more than a ' +
        'quarter of its whole time. Too few and what is in flight is cut off and done again',
    ),
  AWS_LAMBDA_FUNCTION_NAME: z
    .string()
    .describe('set by Lambda: the function that is invoked to go on with a long file'),
};
