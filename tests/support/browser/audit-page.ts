import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page, type Request } from 'playwright-core';
import { findChromium } from './find-chromium.ts';

const ROOT = process.cwd();
const AXE = readFileSync(createRequire(join(ROOT, 'package.json')).resolve('axe-core/axe.min.js'), 'utf8');

export async function launchChromium(): Promise<Browser> {
  const { path, env } = await findChromium();
  return chromium.launch({
    executablePath: path,
    // Tests often run as root, for which Chromium has no sandbox.
    args: ['--no-sandbox'],
    ...(env !== undefined && { env: { ...(process.env as Record<string, string>), ...env } }),
  });
}

/** What happened while a page was open. */
export interface PageVisit {
  readonly page: Page;
  /** Errors of the page, among them what its content security policy has forbidden. */
  readonly errors: readonly string[];
  /** The origins of all requests. */
  readonly origins: ReadonlySet<string>;
  /** What was transferred, without headers. */
  transferredBytes(): Promise<number>;
}

export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<PageVisit> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const errors: string[] = [];
  const origins = new Set<string>();
  const finished: Request[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  page.on('requestfinished', (request) => finished.push(request));
  await page.goto(url, { waitUntil: 'load' });
  // Only on request: the browser tells no size any more when it is being closed.
  const transferredBytes = async () => {
    const sizes = await Promise.all(finished.map((request) => request.sizes()));
    return sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
  };
  return { page, errors, origins, transferredBytes };
}

/** What axe-core finds, one line for each rule that is broken. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  return page.evaluate(`(async () => {
    const module = undefined;
    ${AXE}
    const { violations } = await axe.run(document);
    return violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).join(', '));
  })()`);
}
