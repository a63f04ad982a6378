import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { finished, pipeline } from 'node:stream/promises';
import { bucketOperations } from './operations/bucket-operations.ts';
import { multipartOperations } from './operations/multipart-operations.ts';
import { objectOperations } from './operations/object-operations.ts';
import type { Operation, S3Response } from './operations/operation.ts';
import { S3Error, toS3Error } from './protocol/s3-error.ts';
import { readRequest, type S3Request } from './protocol/s3-request.ts';
import { type Credentials, verifySignature } from './protocol/signature.ts';
import { toXml } from './protocol/xml.ts';
import type { ObjectStore } from './storage/object-store.ts';

const operations: Readonly<Record<string, Operation>> = {
  ...bucketOperations,
  ...objectOperations,
  ...multipartOperations,
};

/** Parameters that do not name a subresource. What an operation does not know, it refuses. */
const PARAMETERS =
  /^(x-id|X-Amz-.*|list-type|prefix|delimiter|marker|start-after|continuation-token|max-keys|encoding-type|fetch-owner)$/i;
const PART_PARAMETERS = /^(partNumber|part-number-marker|max-parts|max-uploads)$/;
/** Longer than clients keep a connection that is not in use, so that they do not send into one that is being closed. */
const KEEP_ALIVE_MS = 65_000;

/** The S3 API of a store, for one pair of credentials. The caller lets it listen. */
export function createS3HttpServer(store: ObjectStore, credentials: Credentials): Server {
  const respond = async (message: IncomingMessage, response: ServerResponse) => {
    try {
      const request = readRequest(message);
      const signature = await verifySignature(request, credentials);
      await send(response, await operationOf(request)({ store, request, signature }));
    } catch (error) {
      await discardBody(message);
      await sendError(message, response, error);
    }
  };
  // An upload may take any time.
  const options = { requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS };
  return createServer(options, (message, response) => void respond(message, response));
}

function operationOf({ method, bucket, key, query }: S3Request): Operation {
  const resource = bucket === '' ? 'server' : key === '' ? 'bucket' : 'object';
  const names = [...new Set(query.keys())].filter((name) => !PARAMETERS.test(name));
  const isPart = names.includes('uploadId') || names.includes('uploads');
  const subresources = names.filter((name) => !(isPart && PART_PARAMETERS.test(name)));
  const name = `${method} ${resource}${subresources.map((subresource) => `?${subresource}`).join('')}`;
  const operation = operations[name];
  if (operation !== undefined) return operation;
  throw new S3Error('NotImplemented', `Expected an operation that this server supports, but found "${name}".`);
}

async function send(response: ServerResponse, { status = 200, headers = {}, body }: S3Response): Promise<void> {
  if (typeof body === 'object') {
    response.writeHead(status, headers);
    await pipeline(body, response);
    return;
  }
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  response.writeHead(status, { 'content-length': '0', ...headers, ...length }).end(body);
}

/** A client that still sends when it gets a response may only see that its connection breaks. */
async function discardBody(message: IncomingMessage): Promise<void> {
  // While an iteration that was left has its listener, the stream does not flow.
  message.removeAllListeners('readable').resume();
  await finished(message).catch(() => {});
}

async function sendError({ method }: IncomingMessage, response: ServerResponse, thrown: unknown): Promise<void> {
  const error = toS3Error(thrown);
  // The client is gone, or gets less than the announced length.
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  if (error.code === 'InternalError') console.error(thrown);
  const { status, headers, code, message } = error;
  if (method === 'HEAD' || status === 304) return send(response, { status, headers });
  const body = toXml('Error', { Code: code, Message: message });
  return send(response, { status, headers: { ...headers, 'content-type': 'application/xml' }, body });
}
