import { copyFileSync, statSync, truncateSync } from 'node:fs';

const MAX_BYTES = 50_000_000;
const CHECK_INTERVAL_MS = 30_000;

/**
 * Keeps a log file that another process appends to below 50 MB or so: what it holds then goes to `PATH.old`.
 *
 * @returns a function that ends this.
 */
export function limitLog(path: string, maxBytes = MAX_BYTES, intervalMs = CHECK_INTERVAL_MS): () => void {
  const timer = setInterval(() => {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= maxBytes) return;
    copyFileSync(path, `${path}.old`);
    // The other process appends, so it goes on at the new end. Lines that it writes meanwhile are lost.
    truncateSync(path);
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
