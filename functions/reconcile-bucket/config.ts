import * as z from 'zod';
import { targetDatabaseShape } from '../runtime/config.ts';

export const reconcileBucketShape = {
  ...targetDatabaseShape,
  BUCKET_NAME: z.string().describe('the bucket that salary files arrive in'),
  TRANSFORM_FUNCTION_NAME: z.string().describe('name of the function transform-csv'),
  STALE_AFTER_SECONDS: z.coerce
    .number('expected a number of seconds, e.g. 60')
    .min(1, 'expected at least 1 second')
    // Twelve heartbeats. If shorter, slow files are restarted needlessly; if longer, abandoned files wait.
    .default(60)
    .describe(
      'how long a loading file may be without a heartbeat before it is restarted, and an object without its event, e.g. 60; each of many objects five times as long',
    ),
};
