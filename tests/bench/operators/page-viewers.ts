import { setTimeout as sleep } from 'node:timers/promises';

/** As often as the page in a browser, `hx-trigger` in functions/dashboard/page/home.ts. */
const POLL_INTERVAL_MS = 2_000;

/** Opens the page `count` times and polls like the script of the page, until it is stopped. Fails when the page does. */
export function openPages(url: string, count: number): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const viewers = Array.from({ length: count }, (_, index) => view(url, (index * POLL_INTERVAL_MS) / count, stopping));
  const all = Promise.all(viewers);
  // Avoids an unhandled rejection: it is awaited in `stop`.
  all.catch(() => {});
  return {
    stop: async () => {
      stopping.abort();
      await all;
    },
  };
}

/** A part that is unchanged since the last answer is not sent again. */
async function view(url: string, beginsAfterMs: number, { signal }: AbortController): Promise<void> {
  const tags = new Map<string, string>();
  const read = async (path: string) => {
    const known = [...tags.values()].map((tag) => `"${tag}"`).join(', ');
    const headers = { 'accept-encoding': 'gzip', ...(known !== '' && { 'if-none-match': known }) };
    const response = await fetch(`${url}${path}`, { headers });
    if (response.status !== 200 && response.status !== 304) {
      throw new Error(`expected the page to answer, found status ${response.status}`);
    }
    for (const [, tag = ''] of (await response.text()).matchAll(/data-tag="([^"]+)"/g)) {
      tags.set(tag.slice(0, tag.indexOf('.')), tag);
    }
  };
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});
  await pause(beginsAfterMs);
  for (let path = '/'; !signal.aborted; path = '/parts') {
    await read(path);
    await pause(POLL_INTERVAL_MS);
  }
}
