import { LambdaClient } from '@aws-sdk/client-lambda';
import { AsyncInvoker } from '../adapters/lambda/async-invoker.ts';
import { Database } from '../adapters/postgres/database.ts';
import { IngestionAccounting } from '../adapters/postgres/ingestion-accounting.ts';
import { BucketListing } from '../adapters/s3/bucket-listing.ts';
import { createS3Client } from '../adapters/s3/s3-client.ts';
import { loadConfig, targetDatabaseOf } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { METRIC } from '../runtime/metric-names.ts';
import { BucketReconciler } from './bucket-reconciler.ts';
import { reconcileBucketShape } from './config.ts';

const NAME = 'reconcile-bucket';

export const handler = createHandler({
  name: NAME,
  connect: async ({ logger, metrics }) => {
    const config = loadConfig(reconcileBucketShape, process.env);
    const database = await Database.open(targetDatabaseOf(config, NAME));
    const transformer = new AsyncInvoker(new LambdaClient({}), config.TRANSFORM_FUNCTION_NAME);
    const reconciler = new BucketReconciler(
      new BucketListing(createS3Client(), config.BUCKET_NAME),
      new IngestionAccounting(database, config.BUCKET_NAME),
      { invoke: (arrival) => transformer.invoke({ arrival }) },
      config.STALE_AFTER_SECONDS * 1000,
    );
    return { reconciler, logger, metrics };
  },
  handle: async ({ reconciler, logger, metrics }) => {
    const { listed, unknown, stalled } = await reconciler.reconcile();
    logger.info('bucket reconciled', { listed, unknown, stalled });
    metrics.addMetric(METRIC.filesForgotten, 'Count', unknown.length);
    metrics.addMetric(METRIC.filesStalled, 'Count', stalled.length);
    return { listed, unknown, stalled };
  },
});
