import { setTimeout as delay } from 'node:timers/promises';
import { describeExit, type ManagedProcess } from './managed-process.ts';
import type { Server } from './server.ts';

const PROBE_INTERVAL_MS = 50;
const PROBE_TIMEOUT_MS = 3_000;

interface Limits {
  /** By `performance.now()`. */
  readonly deadline: number;
  /** The time from the start to the deadline, for the error message. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Probes the server until it answers. @throws when its process exits, at the deadline, or when aborted. */
export async function waitUntilReady(server: Server, running: ManagedProcess, limits: Limits): Promise<void> {
  const { deadline, timeoutMs, signal } = limits;
  for (;;) {
    const probeSignal = AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]);
    const failure = await Promise.race([
      server.probe(probeSignal).then(
        () => undefined,
        (error: Error) => error,
      ),
      running.exited.then(() => undefined),
    ]);
    if (running.exit !== undefined) throw new Error(describeExit(running.exit));
    signal.throwIfAborted();
    if (failure === undefined) return;
    if (performance.now() > deadline) {
      const reason = `not ready within ${timeoutMs / 1000} s (${withCause(failure)})`;
      throw new Error(reason, { cause: failure });
    }
    await delay(PROBE_INTERVAL_MS, undefined, { signal });
  }
}

/** `fetch` fails with "fetch failed"; only the cause says why. */
function withCause({ message, cause }: Error): string {
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
