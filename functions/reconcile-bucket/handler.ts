import { LambdaClient } from '@aws-sdk/client-lambda';
import { openConditionStore } from '../adapters/dynamodb/open-condition-store.ts';
import { LambdaFunctionInvoker } from '../adapters/lambda/lambda-function-invoker.ts';
import { Database } from '../adapters/postgres/database.ts';
import { PostgresUnfinishedFiles } from '../adapters/postgres/postgres-unfinished-files.ts';
import { S3BucketListing } from '../adapters/s3/s3-bucket-listing.ts';
import { createS3Client } from '../adapters/s3/s3-client.ts';
import { conditionsShape, loadConfig, targetDatabaseOf } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { METRIC } from '../runtime/metrics.ts';
import { BucketReconciler } from './bucket-reconciler.ts';
import { reconcileBucketShape } from './config.ts';

const NAME = 'reconcile-bucket';

export const handler = createHandler({
  name: NAME,
  openConditions: () => openConditionStore(loadConfig(conditionsShape, process.env).OFFSET_TABLE),
  connect: async ({ logger, metrics }) => {
    const config = loadConfig(reconcileBucketShape, process.env);
    const database = await Database.open(targetDatabaseOf(config, NAME));
    const reconciler = new BucketReconciler({
      bucket: new S3BucketListing(createS3Client(), config.BUCKET_NAME),
      unfinishedFiles: new PostgresUnfinishedFiles(database, config.BUCKET_NAME),
      transformCsv: new LambdaFunctionInvoker(new LambdaClient({}), config.TRANSFORM_FUNCTION_NAME),
      staleAfterMs: config.STALE_AFTER_SECONDS * 1000,
    });
    return { reconciler, logger, metrics };
  },
  handle: async ({ reconciler, logger, metrics }) => {
    const reconciliation = await reconciler.reconcile();
    logger.info('bucket reconciled', { ...reconciliation });
    metrics.add(METRIC.filesForgotten, reconciliation.unreported.length);
    metrics.add(METRIC.filesStalled, reconciliation.stalled.length);
    return reconciliation;
  },
});
