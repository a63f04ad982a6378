import { setTimeout as delay } from 'node:timers/promises';
import { findAttention } from '../../../functions/core/verdict.ts';
import type { StackEndpoints } from '../../stack/endpoints.ts';
import { StackObserver } from '../status/observer.ts';
import type { StackStatus } from '../status/stack-status.ts';
import { printResult } from '../terminal/output.ts';
import { paintFor, widthOf } from '../terminal/style.ts';
import { renderState } from './render-state.ts';

/** Smaller: the observations take more of a small machine. Larger: the line is older. */
const INTERVAL_MS = 5_000;

/** Where a running stack says what happens. */
export interface Screen {
  /** Prints a line that stays. */
  notice(line: string): void;
  /** Begins to show the state of the stack. */
  showState(endpoints: StackEndpoints, logDirectory: string): void;
  close(): void;
}

/** Lines only, so that a file or another program can read them. */
export const PLAIN_SCREEN: Screen = { notice: printResult, showState: () => {}, close: () => {} };

/** The last line of the terminal is the state of the stack, which is replaced every five seconds. */
export async function createStateScreen(): Promise<Screen> {
  const { default: updateLog } = await import('log-update');
  const closing = new AbortController();
  const show = (now: StackStatus, earlier: StackStatus | null) => {
    const attention = findAttention(now.observation, earlier?.observation ?? null);
    const options = { paint: paintFor(process.stdout), width: widthOf(process.stdout), now: now.observation.at };
    updateLog(renderState(now, attention, options));
  };
  const observe = async (endpoints: StackEndpoints, logDirectory: string) => {
    const observer = await StackObserver.open(endpoints, logDirectory);
    let earlier: StackStatus | null = null;
    while (!closing.signal.aborted) {
      const now = await observer.observe();
      if (closing.signal.aborted) return;
      show(now, earlier);
      earlier = now;
      await delay(INTERVAL_MS, undefined, { signal: closing.signal }).catch(() => {});
    }
  };
  return {
    notice: (line) => updateLog.persist(line),
    showState: (endpoints, logDirectory) => void observe(endpoints, logDirectory),
    close: () => {
      closing.abort();
      updateLog.clear();
    },
  };
}
