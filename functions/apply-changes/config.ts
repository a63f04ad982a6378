import { z } from 'zod';
import { parseChangeRules } from '../core/change-rules.ts';
import { ConfigError } from '../core/errors.ts';
import { kafkaShape, targetDatabaseShape } from '../runtime/config.ts';

export const applyChangesShape = {
  ...kafkaShape,
  ...targetDatabaseShape,
  CDC_RULES: z
    .string()
    .default('noNegativeEmpId')
    .transform((text, context) => {
      try {
        return parseChangeRules(text);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        context.addIssue({ code: 'custom', message: error.message });
        return z.NEVER;
      }
    })
    .describe('conditions for employees in the target, e.g. noNegativeEmpId,salaryAbove=10000,bornAfter=2007'),
};
