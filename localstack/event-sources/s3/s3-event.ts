import { randomBytes, randomUUID } from 'node:crypto';

export interface ObjectChange {
  /** Without `s3:`, for instance ObjectCreated:Put. */
  readonly eventName: string;
  readonly key: string;
  readonly size?: number;
  /** With or without its quotes. */
  readonly eTag?: string;
  readonly versionId?: string;
  readonly sequencer: string;
  readonly time: Date;
}

export interface S3EventContext {
  readonly region: string;
  readonly accountId: string;
  readonly bucket: string;
  readonly bucketArn: string;
  readonly configurationId: string;
  /** AWS raises the version from time to time, so functions must not compare it for equality. */
  readonly eventVersion: string;
}

/** The key as S3 encodes it: like a form field, a space as "+", but with slashes as they are. */
export function encodeKey(key: string): string {
  return encodeURIComponent(key)
    .replace(/%20/g, '+')
    .replace(/%2F/g, '/')
    .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The event that S3 sends to Lambda for one change. It has one record. */
export function s3Event(change: ObjectChange, context: S3EventContext) {
  const removed = change.eventName.startsWith('ObjectRemoved:');
  return {
    Records: [
      {
        eventVersion: context.eventVersion,
        eventSource: 'aws:s3',
        awsRegion: context.region,
        eventTime: change.time.toISOString(),
        eventName: change.eventName,
        userIdentity: { principalId: `AWS:${context.accountId}` },
        requestParameters: { sourceIPAddress: '127.0.0.1' },
        responseElements: {
          'x-amz-request-id': randomBytes(8).toString('hex').toUpperCase(),
          'x-amz-id-2': Buffer.from(randomUUID()).toString('base64'),
        },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: context.configurationId,
          bucket: {
            name: context.bucket,
            ownerIdentity: { principalId: context.accountId },
            arn: context.bucketArn,
          },
          object: {
            key: encodeKey(change.key),
            ...(!removed && change.size !== undefined && { size: change.size }),
            ...(!removed && change.eTag !== undefined && { eTag: change.eTag.replaceAll('"', '') }),
            ...(change.versionId !== undefined && { versionId: change.versionId }),
            sequencer: change.sequencer,
          },
        },
      },
    ],
  };
}
