import { randomUUID } from 'node:crypto';

/** `aws/lambda/PREFIX/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-UUID`, the object key of a record that Lambda sends to S3. */
export function destinationObjectKey(prefix: string, time: Date): string {
  const iso = time.toISOString();
  const day = iso.slice(0, 10).replaceAll('-', '/');
  return `aws/lambda/${prefix}/${day}/${iso.slice(0, 19).replaceAll(':', '.')}-${randomUUID()}`;
}
