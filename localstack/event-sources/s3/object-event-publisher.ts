import type { AsyncQueue } from '../invoke/async-queue.ts';
import type { Logger } from '../logger.ts';
import type { QueuedEvent } from '../model/async-invocation.ts';
import type { BucketNotification } from '../model/bucket-notification.ts';
import { qualifiedName } from '../model/target-function.ts';
import { notificationMatches } from './notification-match.ts';
import { type ObjectChange, s3Event } from './s3-event.ts';

export interface ObjectEventPublisherOptions {
  readonly bucket: string;
  readonly notifications: readonly BucketNotification[];
  readonly queue: Pick<AsyncQueue, 'enqueue'>;
  readonly region: string;
  readonly accountId: string;
  readonly eventVersion: string;
  readonly log: Logger;
}

/** Stored with a queued event, so that a crash before the cursor has moved does not queue the event twice. */
export interface ObjectOrigin {
  readonly bucket: string;
  readonly key: string;
  /** Absent: the object was deleted. A version that was deleted for good has a mark of its own. */
  readonly mark?: string;
  readonly sequencer: string;
  readonly configurationId: string;
}

/** The objects of the bucket whose events were queued by an earlier process and have not ended. */
export function originsOf(bucket: string, recovered: readonly QueuedEvent[]): ObjectOrigin[] {
  return recovered.flatMap(({ origin }) => {
    const object = (origin ?? {}) as Partial<ObjectOrigin>;
    return object.bucket === bucket && object.key !== undefined ? [object as ObjectOrigin] : [];
  });
}

/** Queues the events of a bucket's changes, one for each notification that covers the change. */
export class ObjectEventPublisher {
  readonly #options: ObjectEventPublisherOptions;
  readonly #alreadyQueued = new Set<string>();

  constructor(options: ObjectEventPublisherOptions) {
    this.#options = options;
  }

  /** The events of these objects are not queued again. */
  skip(origins: readonly ObjectOrigin[]): void {
    for (const { key, mark, configurationId } of origins) {
      this.#alreadyQueued.add(identityOf(key, mark, configurationId));
    }
  }

  /** Resolves once the events are in the queue on disk. `mark` is absent for a deletion without a version. */
  async publish(change: ObjectChange, mark: string | undefined): Promise<void> {
    const { notifications, queue, region, accountId, eventVersion, bucket, log } = this.#options;
    const { key, eventName, sequencer } = change;
    for (const notification of notifications) {
      if (!notificationMatches(notification, eventName, key)) continue;
      const { configurationId, bucketArn } = notification;
      if (this.#alreadyQueued.delete(identityOf(key, mark, configurationId))) continue;
      const event = s3Event(change, { region, accountId, bucket, bucketArn, configurationId, eventVersion });
      const origin: ObjectOrigin = { bucket, key, ...(mark !== undefined && { mark }), sequencer, configurationId };
      await queue.enqueue(qualifiedName(notification.function), JSON.stringify(event), origin);
      log.info('object event', { bucket, key, event: eventName, function: notification.function.name });
    }
  }
}

function identityOf(key: string, mark: string | undefined, configurationId: string): string {
  return JSON.stringify([key, mark, configurationId]);
}
