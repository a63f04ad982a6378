import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { putIntoBucket } from '../../localstack/commands/bucket.ts';
import { salaryCsv } from '../../localstack/commands/salary-csv.ts';
import { sampleCsv } from '../../localstack/commands/sample-csv.ts';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import { onTemporaryStack, say } from '../bench/benchmark.ts';
import { runSteadyLoad } from '../bench/cdc/steady-load.ts';
import { type Databases, insertEmployees, withDatabases } from '../bench/operators/with-load.ts';
import { launchChromium, visit } from '../support/browser/audit-page.ts';

const EMPLOYEES = 20_000;

/** Rows of the files of some months. */
const FILE_ROWS = [9_600, 9_750, 9_810, 9_930, 10_120];

/** Changes a second, in turn. */
const RATES = [20, 45, 30, 60, 25];
const LOAD_SECONDS = 20;

const DESK: BrowserContextOptions = { viewport: { width: 1_280, height: 900 }, deviceScaleFactor: 1 };
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 };

/** Of the page of a stack on which both pipelines have run for some minutes: well, and with dead letters. */
export async function takePagePictures(directory: string, minutes: number): Promise<void> {
  await onTemporaryStack(async (_stack, endpoints) => {
    await withDatabases(endpoints, (databases) => runPipelines(endpoints, databases, minutes));
    const browser = await launchChromium();
    try {
      for (const colorScheme of ['light', 'dark'] as const) {
        await take(
          browser,
          endpoints,
          { ...DESK, colorScheme },
          '.verdict.good',
          join(directory, `page-${colorScheme}.png`),
        );
      }
      await putIntoBucket(endpoints.s3, 'contractors.csv', Readable.from([sampleCsv().csv]));
      const phone = { ...PHONE, colorScheme: 'light' } as const;
      await take(browser, endpoints, phone, '.verdict.bad', join(directory, 'page-phone.png'));
    } finally {
      await browser.close();
    }
  });
}

async function runPipelines(endpoints: StackEndpoints, databases: Databases, minutes: number): Promise<void> {
  await insertEmployees(databases, EMPLOYEES);
  for (const [month, rows] of FILE_ROWS.entries()) {
    const csv = Readable.from(salaryCsv({ rows, seed: month }));
    await putIntoBucket(endpoints.s3, `salaries/2026-0${month + 1}.csv`, csv);
  }
  const endMs = performance.now() + minutes * 60_000;
  say(`both pipelines run for ${minutes} min`);
  for (let run = 0; performance.now() < endMs; run += 1) {
    await runSteadyLoad(databases.source, databases.target, RATES[run % RATES.length] as number, LOAD_SECONDS);
  }
}

/** Waits until the page shows what is expected, so that no picture has a state in between. */
async function take(
  browser: Browser,
  { dashboardUrl }: StackEndpoints,
  options: BrowserContextOptions,
  expected: string,
  path: string,
): Promise<void> {
  const { page } = await visit(browser, dashboardUrl ?? '', options);
  await page.locator(expected).waitFor();
  await pictureOf(page, path);
  await page.context().close();
  say(`wrote ${path}`);
}

/** On a phone what is seen first, at a desk the whole page. */
async function pictureOf(page: Page, path: string): Promise<void> {
  const isPhone = (page.viewportSize()?.width ?? 0) < 500;
  await page.screenshot({ path, fullPage: !isPhone });
}
