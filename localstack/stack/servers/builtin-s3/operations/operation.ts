import type { Readable } from 'node:stream';
import { readBody } from '../protocol/request-body.ts';
import { readText, type S3Request } from '../protocol/s3-request.ts';
import type { VerifiedSignature } from '../protocol/signature.ts';
import { toXml, type XmlElements } from '../protocol/xml.ts';
import type { ObjectStore } from '../storage/object-store.ts';

/** A request whose signature is right, with what is needed to answer it. */
export interface Call {
  readonly store: ObjectStore;
  readonly request: S3Request;
  readonly signature: VerifiedSignature;
}

export interface S3Response {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
}

export type Operation = (call: Call) => S3Response | Promise<S3Response>;

export function xmlResponse(root: string, content: XmlElements): S3Response {
  return { headers: { 'content-type': 'application/xml' }, body: toXml(root, content) };
}

const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

/** The body of a request that is a document. */
export function documentOf({ request, signature }: Call): Promise<string> {
  return readText(readBody(request, signature), MAX_DOCUMENT_BYTES);
}

export function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
