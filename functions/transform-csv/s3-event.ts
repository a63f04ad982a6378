import { z } from 'zod';
import type { FileArrival } from '../core/ingestion.ts';
import { arrivalEventShape, type Checkpoint, continuationEventShape } from './checkpoint.ts';

/** S3's notification, as far as it is read. Records of other things than creations lack some of it. */
const notificationEventShape = z.object({
  Records: z
    .array(
      z.object({
        eventName: z.string(),
        s3: z.object({
          bucket: z.object({ name: z.string().min(1) }),
          object: z.object({
            key: z.string().min(1),
            size: z.number().int().nonnegative().default(0),
            eTag: z.string().default(''),
            versionId: z.string().nullish(),
            sequencer: z.string().nullish(),
          }),
        }),
      }),
    )
    .min(1),
});

type Notification = z.infer<typeof notificationEventShape>['Records'][number];

export interface TransformEvent {
  /** What there is to do, in the order of the event. */
  readonly checkpoints: readonly Checkpoint[];
  /** Keys of records that are none of this function's business. */
  readonly ignoredKeys: readonly string[];
}

/**
 * Reads the event of this function: S3's notification of created objects, a file that `reconcile-bucket`
 * found (`{arrival}`), or its own continuation (`{checkpoint}`).
 *
 * @throws TypeError when it is neither, telling where it differs.
 */
export function decodeTransformEvent(event: unknown): TransformEvent {
  if (hasKey(event, 'checkpoint')) {
    const { checkpoint } = read(continuationEventShape, event, 'a continuation of transform-csv');
    return { checkpoints: [checkpoint], ignoredKeys: [] };
  }
  if (hasKey(event, 'arrival')) {
    const { arrival } = read(arrivalEventShape, event, 'a file that reconcile-bucket found');
    return { checkpoints: [{ phase: 'begin', arrival }], ignoredKeys: [] };
  }
  const records = read(notificationEventShape, event, "an S3 event notification with 'Records'").Records.map(
    (record) => ({ record, key: decodeKey(record.s3.object.key) }),
  );
  const isOurs = ({ record, key }: (typeof records)[number]) => isCreation(record) && key.endsWith('.csv');
  return {
    checkpoints: records.filter(isOurs).map(({ record, key }) => ({ phase: 'begin', arrival: toArrival(record, key) })),
    ignoredKeys: records.filter((entry) => !isOurs(entry)).map(({ key }) => key),
  };
}

function hasKey(event: unknown, key: string): boolean {
  return typeof event === 'object' && event !== null && key in event;
}

function read<Shape extends z.ZodType>(shape: Shape, event: unknown, expectation: string): z.infer<Shape> {
  const result = shape.safeParse(event);
  if (result.success) return result.data;
  throw new TypeError(`expected ${expectation}, got an event that differs: ${z.prettifyError(result.error)}`);
}

/** S3 writes `ObjectCreated:Put`, servers that imitate it also `s3:ObjectCreated:Put`. */
function isCreation({ eventName }: Notification): boolean {
  return /^(s3:)?ObjectCreated:/.test(eventName);
}

/** Keys come as in a form: a blank as `+`, all else that is special as percent signs and UTF-8. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch (cause) {
    throw new TypeError(`expected a URL-encoded object key in the S3 event, got ${JSON.stringify(key)}`, { cause });
  }
}

function toArrival({ s3 }: Notification, key: string): FileArrival {
  const eTag = s3.object.eTag.replaceAll('"', '');
  if (eTag === '') throw new TypeError(`expected an eTag in the S3 event for ${key}, got none`);
  const sequencer = s3.object.sequencer || null;
  // A bucket whose versioning is suspended calls each new object's version "null": that is no name.
  const versionId = s3.object.versionId && s3.object.versionId !== 'null' ? s3.object.versionId : null;
  return {
    bucket: s3.bucket.name,
    key,
    version: versionId ?? sequencer ?? `etag:${eTag}`,
    versionId,
    sequencer,
    eTag,
    sizeBytes: s3.object.size,
  };
}
