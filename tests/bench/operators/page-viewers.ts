import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * Opens the page `count` times, and resolves when all are open. In a process of its own, so that the one that measures the
 * latency of changes does not wait for them.
 */
export async function openPages(url: string, count: number): Promise<{ stop(): Promise<void> }> {
  const viewers = fork(new URL('viewers-process.ts', import.meta.url), [url, String(count)], {
    // Standard output has only the results of the benchmark.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(viewers, 'exit').then(([code]) => code as number | null);
  const first = await Promise.race([once(viewers, 'message'), ended.then(() => undefined)]);
  if (first === undefined) throw new Error('expected the pages to open, but one failed');
  return {
    stop: async () => {
      if (viewers.exitCode !== null) throw new Error('expected the pages to stay open, but one failed');
      viewers.kill();
      await ended;
    },
  };
}
