import type { FunctionInvoker } from './function-invoker.ts';
import type { AnswerPage, PageRequest, PageResponse } from './page-server.ts';

/** The result of a function for an HTTP API. */
interface HttpResult {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** Answers by invoking a function with the event that an HTTP API of API Gateway sends, in payload format 2.0. */
export function invokedPage(invoker: Pick<FunctionInvoker, 'invoke'>, functionName: string): AnswerPage {
  return async (request, host) =>
    toResponse((await invoker.invoke(functionName, toEvent(request, host))) as HttpResult);
}

function toEvent({ method, target, headers, body }: PageRequest, host: string) {
  const [pathname = '/', ...query] = target.split('?');
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: pathname,
    rawQueryString: query.join('?'),
    headers,
    requestContext: {
      domainName: host,
      http: {
        method,
        path: pathname,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      routeKey: '$default',
      stage: '$default',
    },
    ...(body.length > 0 && { body: body.toString('base64') }),
    isBase64Encoded: body.length > 0,
  };
}

function toResponse({ statusCode, headers = {}, body = '', isBase64Encoded = false }: HttpResult): PageResponse {
  return { status: statusCode, headers, body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') };
}
