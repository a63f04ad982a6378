import { join } from 'node:path';
import { PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { systemClock } from '../clock.ts';
import type { AsyncQueue } from '../invoke/async-queue.ts';
import { type Logger, reasonOf } from '../logger.ts';
import type { QueuedEvent } from '../model/async-invocation.ts';
import type { BucketNotification } from '../model/bucket-notification.ts';
import { groupBy } from '../node-20.ts';
import type { EventSourcesOptions } from '../options.ts';
import type { Standstills } from '../standstill/standstills.ts';
import { BucketCursor } from './bucket-cursor.ts';
import { S3BucketListing } from './bucket-listing.ts';
import { BucketSource } from './bucket-source.ts';
import { NotificationReceiver } from './notification-receiver.ts';

export interface S3SourcesDependencies {
  readonly notifications: readonly BucketNotification[];
  readonly settings: NonNullable<EventSourcesOptions['s3']>;
  readonly eventVersion: string;
  readonly stateDirectory: string;
  readonly queue: AsyncQueue;
  readonly accountId: string;
  readonly log: Logger;
  readonly standstills: Standstills;
}

/** The watched buckets of one S3 server. The AWS client makes this module slow to load, so it is imported when needed. */
export class S3Sources {
  readonly #dependencies: S3SourcesDependencies;
  readonly #client: S3Client;
  readonly #buckets: BucketSource[];
  #receiver: NotificationReceiver | undefined;

  constructor(dependencies: S3SourcesDependencies) {
    this.#dependencies = dependencies;
    const { settings } = dependencies;
    const { endpoint, region, accessKeyId, secretAccessKey } = settings;
    const credentials = { accessKeyId, secretAccessKey };
    this.#client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    this.#buckets = [...groupBy(dependencies.notifications, ({ bucket }) => bucket)].map(
      ([bucket, notifications]) =>
        new BucketSource({
          bucket,
          endpoint,
          notifications,
          listing: new S3BucketListing(this.#client),
          cursor: new BucketCursor(join(dependencies.stateDirectory, 's3', `${bucket}.jsonl`)),
          queue: dependencies.queue,
          pollIntervalMs: settings.pollIntervalMs,
          existingObjects: settings.existingObjects,
          region,
          accountId: dependencies.accountId,
          eventVersion: dependencies.eventVersion,
          clock: systemClock,
          log: dependencies.log,
          standstills: dependencies.standstills,
        }),
    );
  }

  /** Resolves once each bucket was listed. `recovered` are the events that an earlier process has queued. */
  async start(recovered: readonly QueuedEvent[]): Promise<void> {
    const { settings } = this.#dependencies;
    if (settings.kind === 'minio' && settings.notifications !== undefined) {
      this.#receiver = new NotificationReceiver(this.#buckets);
      await this.#receiver.listen(settings.notifications.port);
    }
    for (const bucket of this.#buckets) bucket.start(recovered);
    await Promise.all(this.#buckets.map((bucket) => bucket.polling()));
    if (settings.kind === 'minio' && settings.notifications !== undefined) {
      await Promise.all(this.#buckets.map(({ bucket }) => this.#subscribe(bucket, settings.notifications?.targetArn)));
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#buckets.map((bucket) => bucket.stop()));
    await this.#receiver?.close();
    this.#client.destroy();
  }

  /** A failure is only logged: without notifications an event waits for the next listing. */
  async #subscribe(bucket: string, targetArn: string | undefined): Promise<void> {
    const configuration = { QueueArn: targetArn, Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] };
    try {
      await this.#client.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: bucket,
          NotificationConfiguration: { QueueConfigurations: [configuration as { QueueArn: string; Events: never[] }] },
        }),
      );
    } catch (error) {
      this.#dependencies.log.warn('the server refused the notification configuration, so the bucket is only listed', {
        bucket,
        target: targetArn,
        reason: reasonOf(error),
      });
    }
  }
}
