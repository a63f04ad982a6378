import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import type { TemporaryStack } from '../../../localstack/stack/temporary-stack.ts';
import { launchChromium, visit } from '../../support/browser/audit-page.ts';
import { eventually } from '../../support/eventually.ts';
import { say } from '../benchmark.ts';
import { median, percentile, round } from '../statistics.ts';
import { measureFilters } from './filters.ts';
import type { OperatorsSection } from './section.ts';

const FILES = 10_000;
const DEAD_LETTERS = 100_000;

/** Ten open pages poll five times a second. Searches come between. */
const REQUESTS = 300;
const INTERVAL_MS = 200;
const PATHS = ['/', '/parts', '/parts', '/parts', '/files?key=day-77', '/parts', '/parts', '/dead-letters?code=CODE_3'];

const WARM_UP_REQUESTS = 30;
const VISITS = 15;

/** The page with many files and dead letters: how long a request takes, and until the first paint in Chromium. */
export const pageSection: OperatorsSection = { name: 'page', measure };

async function measure(_stack: TemporaryStack, endpoints: StackEndpoints): Promise<Record<string, number>> {
  const target = new pg.Client({ connectionString: endpoints.targetDatabaseUrl });
  await target.connect();
  try {
    await insertContents(target);
    return await measurePage(endpoints);
  } finally {
    await deleteContents(target);
    await target.end();
  }
}

async function measurePage(endpoints: StackEndpoints): Promise<Record<string, number>> {
  const url = endpoints.dashboardUrl ?? '';
  const filters = await measureFilters(endpoints.targetDatabaseUrl);
  await measureRequests(url, WARM_UP_REQUESTS);
  say(`page: ${REQUESTS} requests`);
  const requestsMs = await measureRequests(url, REQUESTS);
  say(`page: ${VISITS} visits`);
  const paintsMs = await measureFirstPaints(url);
  return {
    ...filters,
    pageServerMsP50: round(percentile(requestsMs, 0.5), 1),
    pageServerMsP99: round(percentile(requestsMs, 0.99), 1),
    firstPaintMs: round(median(paintsMs)),
  };
}

async function insertContents(target: pg.Client): Promise<void> {
  say(`page: inserting ${FILES} files and ${DEAD_LETTERS} dead letters`);
  await target.query(
    `insert into ingested_key (bucket, key) select 'bench', 'day-' || n || '.csv' from generate_series(1, $1::integer) n`,
    [FILES],
  );
  await target.query(
    `insert into ingested_file (bucket, key, version, etag, size_bytes, state, read, filtered_out, sent, loaded,
       end_recorded, finished_at)
     select 'bench', 'day-' || n || '.csv', '1', 'e', 1, 'complete', 6954, 6667, 287, 287, true, clock_timestamp()
     from generate_series(1, $1::integer) n`,
    [FILES],
  );
  await target.query(
    `insert into dead_letter (dlq_id, topic, kafka_partition, kafka_offset, code, reason, record_key, origin,
       file_bucket, file_key, file_version, cut, first_at, last_at, attempts, state)
     select 'bench/' || n % 6 || '/' || n, 'employee-changes.dead-letter', n % 6, n, 'CODE_' || n % 20, 'a reason',
       n::text, '{}', 'bench', 'day-' || n % 1000 || '.csv', '1', false,
       clock_timestamp() - n * interval '1 second', clock_timestamp() - n * interval '1 second', 1, 'open'
     from generate_series(1, $1::integer) n`,
    [DEAD_LETTERS],
  );
  await target.query('vacuum analyze ingested_file, dead_letter');
}

/** So that the sections that come next have a ledger of their own. */
async function deleteContents(target: pg.Client): Promise<void> {
  await target.query(`delete from dead_letter where file_bucket = 'bench'`);
  await target.query(`delete from ingested_file where bucket = 'bench'`);
  await target.query(`delete from ingested_key where bucket = 'bench'`);
  await target.query('vacuum analyze ingested_key, ingested_file, dead_letter');
}

async function measureRequests(url: string, count: number): Promise<number[]> {
  const durationsMs: number[] = [];
  for (let request = 0; request < count; request++) {
    const startedAt = performance.now();
    const response = await fetch(`${url}${PATHS[request % PATHS.length]}`, { headers: { 'accept-encoding': 'gzip' } });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`Expected the page to answer, but it answered with status ${response.status}.`);
    durationsMs.push(performance.now() - startedAt);
    await sleep(Math.max(0, INTERVAL_MS - (performance.now() - startedAt)));
  }
  return durationsMs;
}

/** Each visit has an empty cache. */
async function measureFirstPaints(url: string): Promise<number[]> {
  const browser = await launchChromium();
  try {
    const paintsMs: number[] = [];
    for (let count = 0; count < VISITS; count++) {
      const { page } = await visit(browser, url, { viewport: { width: 360, height: 800 } });
      const paintMs = async () =>
        page.evaluate<number | null>(`performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null`);
      paintsMs.push((await eventually(paintMs)) ?? Number.NaN);
      await page.context().close();
    }
    // The first one also starts the processes of the browser.
    return paintsMs.slice(1);
  } finally {
    await browser.close();
  }
}
