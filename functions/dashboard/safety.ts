import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { csrf } from 'hono/csrf';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';

/** What the Lambda adapter passes on of the request. */
export interface Bindings {
  /** The name, and the port if it is not the default one, at which the page is served. */
  readonly requestContext?: { readonly domainName?: string };
}

const MAX_URL_LENGTH = 4_096;
const MAX_BODY_BYTES = 16 * 1024;

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * The checks of every request, in this order. They matter on the loopback address too: any page in the operator's browser
 * can send requests there, and with a name that it resolves to 127.0.0.1 it could read the answers.
 */
export function safety(): readonly MiddlewareHandler[] {
  return [
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
      crossOriginResourcePolicy: 'same-origin',
      referrerPolicy: 'same-origin',
      xFrameOptions: 'DENY',
      // It is served over plain HTTP on the loopback address.
      strictTransportSecurity: false,
    }),
    requireShortUrl,
    requireOwnHost,
    requireSameOrigin,
    csrf({ origin: (origin, c) => hostOf(origin) === c.req.header('host') }),
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        throw new HTTPException(413, { message: `expected a form of at most ${MAX_BODY_BYTES} bytes` });
      },
    }),
  ];
}

const requireShortUrl: MiddlewareHandler = async (c, next) => {
  if (c.req.url.length > MAX_URL_LENGTH) {
    throw new HTTPException(414, { message: `expected an address of at most ${MAX_URL_LENGTH} characters` });
  }
  await next();
};

const requireOwnHost: MiddlewareHandler = async (c, next) => {
  if (!isOwnHost(c.req.header('host'), servedAt(c))) {
    throw new HTTPException(403, {
      message: 'expected a request to the address that npm start prints, found another name in its Host header',
    });
  }
  await next();
};

/** Browsers send this header with every request, and no page can change it. */
const requireSameOrigin: MiddlewareHandler = async (c, next) => {
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD' && c.req.header('sec-fetch-site') !== 'same-origin') {
    throw new HTTPException(403, { message: 'expected an action that was chosen on this page' });
  }
  await next();
};

function servedAt(c: Context<{ Bindings: Bindings }>): string | undefined {
  return c.env?.requestContext?.domainName;
}

/** The name at which the page is served; for a loopback name any loopback name with the same port. */
export function isOwnHost(host: string | undefined, served: string | undefined): boolean {
  if (host === undefined || served === undefined) return false;
  if (host === served) return true;
  const [name, port] = splitHost(host);
  const [servedName, servedPort] = splitHost(served);
  return LOOPBACK_NAMES.includes(servedName) && LOOPBACK_NAMES.includes(name) && port === servedPort;
}

function splitHost(host: string): readonly [name: string, port: string] {
  const [, name = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(host) ?? [];
  return [name.toLowerCase(), port];
}

function hostOf(origin: string): string | undefined {
  return URL.parse(origin)?.host;
}
