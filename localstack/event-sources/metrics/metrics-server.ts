import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MappingMetrics } from './mapping-metrics.ts';

/** What the endpoint shows. */
export interface MetricsSnapshot {
  readonly mappings: Readonly<Record<string, MappingMetrics>>;
  readonly asynchronous: { readonly queued: number };
}

/** Serves the counters as JSON at `GET /metrics`, on the loopback address only. */
export class MetricsServer {
  readonly #server: http.Server;

  constructor(snapshot: () => MetricsSnapshot) {
    this.#server = http.createServer((request, response) => {
      const found = request.method === 'GET' && /^\/(metrics)?$/.test(request.url ?? '');
      response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(found ? snapshot() : { message: 'the counters are at GET /metrics' }));
    });
  }

  /** Resolves with the port; 0 takes a free one. Rejects when the port is taken. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        // A process that has nothing else to do may end.
        this.#server.unref();
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
