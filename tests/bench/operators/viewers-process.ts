/** Opens the page several times and polls as its script does, until the process is ended. Fails when the page does. */
import { setTimeout as sleep } from 'node:timers/promises';

/** As often as the page in a browser, `hx-trigger` in functions/dashboard/page/home.ts. */
const POLL_INTERVAL_MS = 2_000;

const [url = '', count = '1'] = process.argv.slice(2);

/** Resolves when the page is open, with what polls it for ever. A part that is unchanged is not sent again. */
async function openPage(): Promise<() => Promise<never>> {
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
  await read('/');
  return async () => {
    for (;;) {
      await sleep(POLL_INTERVAL_MS);
      await read('/parts');
    }
  };
}

const polls: (() => Promise<never>)[] = [];
for (let page = 0; page < Number(count); page += 1) {
  await sleep(POLL_INTERVAL_MS / Number(count));
  polls.push(await openPage());
}
process.send?.('open');
await Promise.all(polls.map((poll, page) => sleep((page * POLL_INTERVAL_MS) / polls.length).then(poll)));
