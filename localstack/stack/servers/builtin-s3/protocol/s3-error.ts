/** The codes of S3 that this server uses, with their HTTP status. */
const statuses = {
  AccessDenied: 403,
  BadDigest: 400,
  BucketAlreadyOwnedByYou: 409,
  BucketNotEmpty: 409,
  EntityTooLarge: 400,
  EntityTooSmall: 400,
  IncompleteBody: 400,
  InternalError: 500,
  InvalidAccessKeyId: 403,
  InvalidArgument: 400,
  InvalidBucketName: 400,
  InvalidDigest: 400,
  InvalidPart: 400,
  InvalidPartOrder: 400,
  InvalidRange: 416,
  InvalidURI: 400,
  KeyTooLongError: 400,
  MalformedXML: 400,
  MissingContentLength: 411,
  NoSuchBucket: 404,
  NoSuchKey: 404,
  NoSuchUpload: 404,
  NotImplemented: 501,
  NotModified: 304,
  PreconditionFailed: 412,
  RequestTimeTooSkewed: 403,
  SignatureDoesNotMatch: 403,
  // S3 has no code for a full disk.
  StorageFull: 507,
  XAmzContentSHA256Mismatch: 400,
} as const;

export type S3ErrorCode = keyof typeof statuses;

/** An error that the client gets as XML. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: S3ErrorCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: S3ErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.status = statuses[code];
    this.headers = headers;
  }
}

/** SQLITE_FULL and SQLITE_IOERR_WRITE: SQLite could not write. */
const SQLITE_WRITE_ERRORS = [13, 778];

/** What the client is told of any error. */
export function toS3Error(error: unknown): S3Error {
  if (error instanceof S3Error) return error;
  const { code, errcode, message } = error as { code?: string; errcode?: number; message?: string };
  if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code ?? '') || SQLITE_WRITE_ERRORS.includes(errcode ?? 0)) {
    return new S3Error('StorageFull', 'Expected space for the object, but the disk is full: free some, then retry.');
  }
  return new S3Error('InternalError', `The request failed in the server: ${message ?? error}.`);
}
