const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const INTERRUPTED = 130;

/** npm forwards the signal of Ctrl-C, which the terminal sends to this process too. */
const SAME_SIGNAL_MS = 1_000;

type CleanUp = () => Promise<unknown> | unknown;

const cleanUps = new Set<CleanUp>();
let isInstalled = false;

/** Ends this process with exit code 130 when the user interrupts it, after the clean-ups. A second Ctrl-C does not wait. */
export function exitAfterInterrupt(): void {
  if (isInstalled) return;
  isInstalled = true;
  let endingSinceMs: number | undefined;
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      if (endingSinceMs !== undefined) {
        if (performance.now() - endingSinceMs > SAME_SIGNAL_MS) process.exit(INTERRUPTED);
        return;
      }
      endingSinceMs = performance.now();
      void Promise.allSettled([...cleanUps].map(async (cleanUp) => cleanUp())).then(() => process.exit(INTERRUPTED));
    });
  }
}

/**
 * Calls `cleanUp` when the user interrupts the command, before the process ends. One that ends the process itself decides
 * the exit code.
 *
 * @returns a function that takes it back, for when the work is done.
 */
export function onInterrupt(cleanUp: CleanUp): () => void {
  cleanUps.add(cleanUp);
  return () => void cleanUps.delete(cleanUp);
}
