import { BucketReconciler } from '../../functions/reconcile-bucket/bucket-reconciler.ts';
import { handler } from '../../functions/reconcile-bucket/handler.ts';
import event from '../fixtures/events/schedule.json' with { type: 'json' };
import '../support/hidden-output.ts';
import { InMemoryBucket } from '../support/in-memory-bucket.ts';
import { InMemoryBucketListing } from '../support/in-memory-bucket-listing.ts';
import { InMemoryFunctionInvoker } from '../support/in-memory-function-invoker.ts';
import { InMemorySalaryDatabase } from '../support/in-memory-salary-database.ts';
import { InMemoryUnfinishedFiles } from '../support/in-memory-unfinished-files.ts';
import { lambdaContext } from '../support/lambda-context.ts';

const context = lambdaContext('reconcile-bucket');

/** The handler with a bucket in memory, and with a database that has no file yet. */
function connectReconcileBucket() {
  const bucket = new InMemoryBucket('salary-files');
  const transformCsv = new InMemoryFunctionInvoker();
  const reconciler = new BucketReconciler({
    bucket: new InMemoryBucketListing(bucket),
    unfinishedFiles: new InMemoryUnfinishedFiles(new InMemorySalaryDatabase(), bucket.name),
    transformCsv,
    staleAfterMs: 60_000,
  });
  const reconcileBucket = handler.withDependencies((telemetry) => ({ ...telemetry, reconciler }));
  return { bucket, transformCsv, reconcileBucket };
}

it('invokes transform-csv for a file whose event was lost, once', async () => {
  const { bucket, transformCsv, reconcileBucket } = connectReconcileBucket();
  bucket.put('lost.csv', 'content', new Date('2026-01-31T10:00:00Z'));
  const result = await reconcileBucket(event, context);
  expect(result).toMatchObject({ listed: 1, unreported: ['lost.csv'], stalled: [] });
  await reconcileBucket(event, context);
  expect(transformCsv.events).toMatchObject([{ arrival: { bucket: 'salary-files', key: 'lost.csv' } }]);
});

it('fails while transform-csv cannot be invoked, and the next schedule invokes it', async () => {
  const { bucket, transformCsv, reconcileBucket } = connectReconcileBucket();
  bucket.put('lost.csv', 'content', new Date('2026-01-31T10:00:00Z'));
  transformCsv.outage = new Error('Lambda is unreachable');
  await expect(reconcileBucket(event, context)).rejects.toThrow('Lambda is unreachable');
  transformCsv.outage = undefined;
  await reconcileBucket(event, context);
  expect(transformCsv.events).toHaveLength(1);
});
