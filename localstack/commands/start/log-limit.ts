import { copyFileSync, statSync, truncateSync } from 'node:fs';
import { printProgress } from '../terminal/output.ts';
import { errorMessage } from '../terminal/program.ts';

const MAX_BYTES = 50_000_000;
const CHECK_INTERVAL_MS = 30_000;

/**
 * Keeps a log file that another process appends to below 50 MB or so: what it holds then goes to `PATH.old`.
 * When that fails, as on a full disk, the file is emptied all the same, and the first failure is printed.
 *
 * @returns a function that ends this.
 */
export function limitLog(path: string, maxBytes = MAX_BYTES, intervalMs = CHECK_INTERVAL_MS): () => void {
  let hasFailed = false;
  // What a timer throws would end the process.
  const attempt = (step: () => void) => {
    try {
      step();
    } catch (error) {
      if (!hasFailed) printProgress(`${path} could not be kept short without loss: ${errorMessage(error)}`);
      hasFailed = true;
    }
  };
  const timer = setInterval(() => {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= maxBytes) return;
    attempt(() => copyFileSync(path, `${path}.old`));
    // The other process appends, so it goes on at the new end. Lines that it writes meanwhile are lost.
    attempt(() => truncateSync(path));
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
