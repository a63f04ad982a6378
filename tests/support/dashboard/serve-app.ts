import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

type Fetch = (request: Request, bindings: object) => Response | Promise<Response>;

/** Serves an app on a free loopback port, as the address that its pages are served at. */
export async function serveApp(app: { readonly fetch: Fetch }): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(async (incoming, outgoing) => {
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const chunks: Uint8Array[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = chunks.length === 0 ? null : Buffer.concat(chunks);
    const headers = new Headers(
      Object.entries(incoming.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    );
    const request = new Request(`http://${host}${incoming.url}`, { method: incoming.method ?? 'GET', headers, body });
    const response = await app.fetch(request, { requestContext: { domainName: host } });
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(Buffer.from(await response.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
