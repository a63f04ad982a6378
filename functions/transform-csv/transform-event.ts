import * as z from 'zod';
import { unquoteETag } from '../core/etag.ts';
import type { FileArrival } from '../core/ingestion.ts';
import { arrivalEventShape, type Checkpoint, continuationEventShape } from './checkpoint.ts';

/** The part of S3's event notification that is read. Events other than `ObjectCreated` lack some of the fields. */
const notificationEventShape = z.object({
  Records: z
    .array(
      z.object({
        eventName: z.string(),
        eventTime: z.iso.datetime().optional().catch(undefined),
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
  /** One for each file, in the order of the event. */
  readonly checkpoints: readonly Checkpoint[];
  /** Keys of other events than `ObjectCreated`, and of objects that are not `.csv`. */
  readonly ignoredKeys: readonly string[];
}

/**
 * Decodes this function's event: S3's notification of created objects, a file from `reconcile-bucket` (`{arrival}`), or
 * the continuation of a file (`{checkpoint}`).
 *
 * @throws TypeError when it is none of these; the message names the field that differs.
 */
export function decodeTransformEvent(event: unknown): TransformEvent {
  if (hasKey(event, 'checkpoint')) {
    const { checkpoint } = read(continuationEventShape, event, 'a continuation event of transform-csv');
    return { checkpoints: [checkpoint], ignoredKeys: [] };
  }
  if (hasKey(event, 'arrival')) {
    const { arrival } = read(arrivalEventShape, event, 'an event of reconcile-bucket');
    return { checkpoints: [{ phase: 'begin', arrival }], ignoredKeys: [] };
  }
  const records = read(notificationEventShape, event, "an S3 event notification with 'Records'").Records.map(
    (record) => ({ record, key: decodeKey(record.s3.object.key) }),
  );
  const isOurs = ({ record, key }: (typeof records)[number]) => isCreation(record) && key.endsWith('.csv');
  return {
    checkpoints: records
      .filter(isOurs)
      .map(({ record, key }) => ({ phase: 'begin', arrival: arrivalOfNotification(record, key) })),
    ignoredKeys: records.filter((entry) => !isOurs(entry)).map(({ key }) => key),
  };
}

/** One part of the work for each file. An event that cannot be decoded is the work of the function as a whole. */
export function filesOf(name: string): (event: unknown) => readonly { readonly id: string }[] {
  return (event) => {
    try {
      return decodeTransformEvent(event).checkpoints.map(({ arrival }) => ({
        id: `${name}/${arrival.bucket}/${arrival.key}`,
      }));
    } catch {
      return [{ id: name }];
    }
  };
}

function hasKey(event: unknown, key: string): boolean {
  return typeof event === 'object' && event !== null && key in event;
}

function read<Shape extends z.ZodType>(shape: Shape, event: unknown, expectation: string): z.infer<Shape> {
  const result = shape.safeParse(event);
  if (result.success) return result.data;
  throw new TypeError(`expected ${expectation}, got another event: ${z.prettifyError(result.error)}`);
}

/** S3 sends `ObjectCreated:Put`. Some S3-compatible servers send `s3:ObjectCreated:Put`. */
function isCreation({ eventName }: Notification): boolean {
  return /^(s3:)?ObjectCreated:/.test(eventName);
}

/** Keys are encoded like form data: a space as `+`, other special characters percent-encoded as UTF-8. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch (cause) {
    throw new TypeError(`expected a URL-encoded object key in the S3 event, got ${JSON.stringify(key)}`, { cause });
  }
}

function arrivalOfNotification({ s3, eventTime }: Notification, key: string): FileArrival {
  const eTag = unquoteETag(s3.object.eTag);
  if (eTag === '') throw new TypeError(`expected an eTag in the S3 event for ${key}, got none`);
  const sequencer = s3.object.sequencer || null;
  // A bucket whose versioning is suspended sends the version id "null" for every object, which names no version.
  const versionId = s3.object.versionId && s3.object.versionId !== 'null' ? s3.object.versionId : null;
  return {
    bucket: s3.bucket.name,
    key,
    version: versionId ?? sequencer ?? `etag:${eTag}`,
    versionId,
    sequencer,
    eTag,
    sizeBytes: s3.object.size,
    ...(eventTime !== undefined && { sentAt: eventTime }),
  };
}
