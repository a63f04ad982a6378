import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { MappingMetrics } from './mapping-metrics.ts';

/** The body of the endpoint's response. */
export interface MetricsSnapshot {
  readonly mappings: Readonly<Record<string, MappingMetrics>>;
  readonly asynchronous: { readonly queued: number };
  /** What stands still, why, and since when. */
  readonly standstills: readonly { readonly what: string; readonly reason: string; readonly forSeconds: number }[];
}

/** Serves the metrics as JSON at `GET /metrics`, on the loopback address only. */
export class MetricsServer {
  readonly #server: http.Server;

  constructor(snapshot: () => MetricsSnapshot) {
    this.#server = http.createServer((request, response) => {
      const found = request.method === 'GET' && /^\/(metrics)?$/.test(request.url ?? '');
      response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(found ? snapshot() : { message: 'the metrics are at GET /metrics' }));
    });
  }

  /** Resolves with the port; 0 chooses a free one. Rejects when the port is in use. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        // The server alone does not keep the process running.
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
