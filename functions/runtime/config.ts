import * as z from 'zod';
import { parseChangeRules } from '../core/change-rules.ts';
import { ConfigError } from '../core/errors.ts';
import { parseHireDate } from '../core/hire-date.ts';
import type { SalaryFilter } from '../core/salary-rules.ts';

/**
 * Reads the settings of one function from its environment. Nothing else reads the environment.
 *
 * Each field of the shape is named after its variable; `.describe()` has its meaning and an example.
 *
 * @throws ConfigError that names every missing or unusable variable, what was expected and what to write.
 */
export function loadConfig<Shape extends z.ZodRawShape>(
  shape: Shape,
  env: Readonly<Record<string, string | undefined>>,
): z.infer<z.ZodObject<Shape>> {
  const known = Object.keys(shape).map((name) => [name, env[name] === '' ? undefined : env[name]]);
  const result = z.object(shape).safeParse(Object.fromEntries(known));
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path, message }) => {
    const name = String(path[0]);
    const meaning = shape[name] instanceof z.ZodType ? shape[name].description : undefined;
    return `${name}: ${env[name] ? message : 'is required but not set'}${meaning ? ` (${meaning})` : ''}`;
  });
  throw new ConfigError(`expected a complete environment for this function, got: ${faults.join('; ')}`);
}

/** Parses `a, b,c` as a list. Empty parts are dropped. */
export const list = () =>
  z.string().transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  );

/** Settings of the Kafka client. */
export const kafkaShape = {
  KAFKA_BROKERS: list().describe('bootstrap brokers as host:port, comma-separated, e.g. 127.0.0.1:9092'),
  KAFKA_AUTH: z.enum(['none', 'iam']).default('none').describe('"iam" on MSK, "none" for a plaintext broker'),
  AWS_REGION: z.string().optional().describe('set by Lambda; signs the requests to MSK'),
};

/** How a function signs in to its databases. */
const databaseSignInShape = {
  DATABASE_AUTH: z
    .enum(['none', 'iam'])
    .default('none')
    .describe('"iam" signs in to RDS with the role of the function, "none" with what the URL contains'),
  AWS_REGION: z.string().optional().describe('set by Lambda; signs the tokens for RDS'),
};

/** Settings of the connection to the target database. */
export const targetDatabaseShape = {
  ...databaseSignInShape,
  TARGET_DATABASE_URL: z.string().describe('e.g. postgres://user@127.0.0.1:5434/target'),
  TARGET_DATABASE_USER: z
    .string()
    .optional()
    .describe('role that signs in, by default the user of the URL, e.g. employee_streams_load_salaries'),
};

/** Which rows of salary files are kept. */
export const salaryFilterShape = {
  SALARY_DEPARTMENTS: list()
    .refine((departments) => departments.length > 0, 'expected at least one department')
    .default(['ECC', 'CIT', 'EMS'])
    .describe('departments that are kept, comma-separated, spelled exactly, e.g. ECC,CIT,EMS'),
  HIRED_SINCE: z
    .string()
    .refine((text) => /^\d{4}-\d{2}-\d{2}$/.test(text) && parseHireDate(text) === text, 'expected a day as YYYY-MM-DD')
    .default('2010-01-01')
    .describe('first hire date that is kept, e.g. 2010-01-01'),
};

/** Settings of the connection to the source database. */
export const sourceDatabaseShape = {
  ...databaseSignInShape,
  SOURCE_DATABASE_URL: z.string().describe('e.g. postgres://user@127.0.0.1:5433/source'),
  SOURCE_DATABASE_USER: z
    .string()
    .optional()
    .describe('role that signs in, by default the user of the URL, e.g. employee_streams_poll_changes'),
};

/** Which employees may be in the target. */
export const changeRulesShape = {
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

/** Where failures are reported for `npm run status`. */
export const conditionsShape = {
  OFFSET_TABLE: z.string().optional().describe('DynamoDB table with the text key "id", e.g. employee-streams-offsets'),
};

type Settings<Shape extends z.ZodRawShape> = z.infer<z.ZodObject<Shape>>;

/** Returns the settings of a Kafka client. `name` identifies the client to the brokers. */
export function kafkaOf(settings: Settings<typeof kafkaShape>, name: string) {
  return {
    brokers: settings.KAFKA_BROKERS,
    auth: settings.KAFKA_AUTH,
    region: settings.AWS_REGION,
    clientId: name,
  };
}

export function salaryFilterOf(settings: Settings<typeof salaryFilterShape>): SalaryFilter {
  return { departments: new Set(settings.SALARY_DEPARTMENTS), hiredSince: settings.HIRED_SINCE };
}

/** Returns the settings of the target database. `name` is shown in `pg_stat_activity`. */
export function targetDatabaseOf(settings: Settings<typeof targetDatabaseShape>, name: string) {
  return {
    url: settings.TARGET_DATABASE_URL,
    user: settings.TARGET_DATABASE_USER,
    auth: settings.DATABASE_AUTH,
    region: settings.AWS_REGION,
    applicationName: name,
  };
}

/** Returns the settings of the source database. `name` is shown in `pg_stat_activity`. */
export function sourceDatabaseOf(settings: Settings<typeof sourceDatabaseShape>, name: string) {
  return {
    url: settings.SOURCE_DATABASE_URL,
    user: settings.SOURCE_DATABASE_USER,
    auth: settings.DATABASE_AUTH,
    region: settings.AWS_REGION,
    applicationName: name,
  };
}
