import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FunctionMetrics } from './function-metrics.ts';
import { mappingText } from './mapping-text.ts';
import type { MetricsSnapshot } from './metrics-snapshot.ts';

const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Serves the metrics of the functions and of the event sources at `GET /metrics` for Prometheus, and those of the event
 * sources as JSON at `GET /metrics.json`. On the loopback address only.
 */
export class MetricsServer {
  readonly #server: http.Server;

  constructor(snapshot: () => MetricsSnapshot, functions: FunctionMetrics) {
    this.#server = http.createServer((request, response) => {
      const answer = (status: number, type: string, body: string) => {
        response.writeHead(status, { 'content-type': type });
        response.end(body);
      };
      const path = request.method === 'GET' ? request.url : undefined;
      if (path === '/metrics.json') answer(200, 'application/json', JSON.stringify(snapshot()));
      else if (path !== '/metrics') answer(404, TEXT_FORMAT, 'the metrics are at GET /metrics and GET /metrics.json\n');
      else {
        Promise.all([functions.text(), mappingText(snapshot())]).then(
          (parts) => answer(200, TEXT_FORMAT, parts.filter((part) => part.trim() !== '').join('')),
          (error: Error) => answer(500, TEXT_FORMAT, `${error.message}\n`),
        );
      }
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
