import { isAwsChunked } from '../protocol/request-body.ts';
import { S3Error } from '../protocol/s3-error.ts';
import type { S3Request } from '../protocol/s3-request.ts';

const KEPT = /^(content-type|cache-control|content-disposition|content-language|expires|x-amz-meta-.+)$/;
/** Headers that ask for something which this server does not do and which the object would lack without a word. */
const UNSUPPORTED = /^x-amz-(tagging|object-lock-.*|grant-.*|website-redirect-location|.*-customer-(algorithm|key))$/;

/** What is stored of the headers of a request, to be sent with the object. */
export function keptHeaders({ headers }: S3Request): Record<string, string> {
  const unsupported = Object.keys(headers).find((name) => UNSUPPORTED.test(name));
  if (unsupported !== undefined) {
    throw new S3Error('NotImplemented', `Expected no ${unsupported}, which this server does not support.`);
  }
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && KEPT.test(name)) kept[name] = value;
  }
  const encodings = (headers['content-encoding'] ?? '').split(',').filter((coding) => !isAwsChunked(coding));
  const encoding = encodings.join(',').trim();
  return encoding === '' ? kept : { ...kept, 'content-encoding': encoding };
}
