import type { Browser } from 'playwright-core';
import type { Redrive } from '../../functions/core/redrive.ts';
import type { Readings } from '../../functions/ports/dashboard-state.ts';
import { findBarriers, launchChromium, visit } from '../support/browser/audit-page.ts';
import { AppRig } from '../support/dashboard/app-rig.ts';
import { exampleDeadLetter, exampleState, exampleTrouble, failing } from '../support/dashboard/example-state.ts';
import { serveApp } from '../support/dashboard/serve-app.ts';
import { eventually } from '../support/eventually.ts';

const MAX_PAGE_BYTES = 60 * 1_024;

let browser: Browser;
let rig: AppRig;
let url: string;
let close: () => Promise<void>;

beforeAll(async () => {
  [browser, rig] = [await launchChromium(), await AppRig.create()];
  ({ url, close } = await serveApp({ fetch: (request, bindings) => rig.app().fetch(request, bindings) }));
});

afterAll(async () => {
  await browser?.close();
  await close?.();
});

const show = (changes: Partial<Readings>) => {
  rig.state = exampleState(new Date(), changes);
};

const REDRIVE = {
  ...{ redriveId: '7', state: 'running', filter: {}, note: 'after the fix', rate: null, claimed: 2, published: 1 },
  ...{ counts: [{ code: 'PIPE_CHANGE_FIELD', destination: 'employee-changes', count: 2 }], resolved: 1, failed: 0 },
  ...{ refused: 0, obsolete: 0, refusals: [], createdAt: new Date().toISOString(), finishedAt: null },
} satisfies Record<keyof Redrive, unknown>;

const PATHS = [
  ...['/', '/files', '/dead-letters', `/dead-letter?id=${encodeURIComponent(exampleDeadLetter(new Date()).id)}`],
  ...['/redrive?code=PIPE_CHANGE_FIELD', '/redrives/7', '/nothing'],
];

describe('the page in a browser', () => {
  beforeEach(() => {
    show({});
    rig.answer = { counts: REDRIVE.counts, redrive: REDRIVE };
  });

  const looks = (['light', 'dark'] as const).flatMap((scheme) => [360, 1_280].map((width) => [scheme, width] as const));

  it.each(looks)('has no barrier, fits and is small: %s, %d px', async (colorScheme, width) => {
    const trouble = exampleTrouble(new Date());
    const paths = colorScheme === 'light' && width === 360 ? PATHS : PATHS.slice(0, 1);
    for (const [path, changes] of [...paths.map((each) => [each, trouble] as const), ['/', {}] as const]) {
      show(changes);
      const viewport = { width, height: 800 };
      const { page, errors, origins, transferredBytes } = await visit(browser, url + path, { colorScheme, viewport });
      if (path === '/') await page.locator('summary').click();
      expect([path, await findBarriers(page)]).toEqual([path, []]);
      expect([path, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([path, width]);
      // The browser reports the status of the page that is not there.
      expect(errors.filter((error) => !(path === '/nothing' && error.includes('404')))).toEqual([]);
      expect([...origins]).toEqual([url]);
      expect(await transferredBytes()).toBeLessThan(MAX_PAGE_BYTES);
      await page.context().close();
    }
  });

  it('shows by itself what happens, and leaves open what the viewer has opened', async () => {
    const { page, errors } = await visit(browser, url);
    await page.getByRole('heading', { name: 'All is well' }).waitFor();
    await page.locator('summary').click();
    show(exampleTrouble(new Date()));
    await page.getByRole('heading', { name: '3 things need attention' }).waitFor();
    await eventually(async () => (await page.title()) === '(3) Needs attention · employee-streams');
    await eventually(async () => (await page.getAttribute('link[rel=icon]', 'href'))?.includes('icon-attention'));
    expect(await page.getAttribute('details', 'open')).not.toBeNull();
    expect(errors).toEqual([]);
    await page.context().close();
  });

  it('says which server is away, and recovers by itself', async () => {
    const { page } = await visit(browser, url);
    const { readings } = rig.state;
    const salaries = failing(readings.salaries, new Date(Date.now() - 5_000));
    rig.state = { ...rig.state, readings: { ...readings, salaries } };
    await page.getByText('No answer from the target database').waitFor();
    show({});
    await page.getByRole('heading', { name: 'All is well' }).waitFor();
    await page.context().close();
  });

  it('does not poll while nobody sees it, and polls at once when it is seen again', async () => {
    const { page } = await visit(browser, url);
    const polls: string[] = [];
    page.on('request', (request) => polls.push(new URL(request.url()).pathname));
    const setHidden = (isHidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, 'hidden', { value: ${isHidden}, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'))`);
    await setHidden(true);
    await page.evaluate(`htmx.trigger('#poll', 'every')`);
    expect(polls).not.toContain('/parts');
    const poll = page.waitForRequest('**/parts');
    await setHidden(false);
    await poll;
    await page.context().close();
  });

  it.each([true, false])('redrives after a note and a confirmation; JavaScript: %s', async (javaScriptEnabled) => {
    show(exampleTrouble(new Date()));
    rig.actions.length = 0;
    const { page } = await visit(browser, url, { javaScriptEnabled });
    await page.getByRole('link', { name: 'Redrive the dead letters with code PIPE_CHANGE_FIELD' }).click();
    await page.getByLabel('Note').fill('after the fix');
    await page.getByRole('button', { name: 'Redrive 2' }).click();
    await page.getByRole('heading', { name: 'after the fix' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/redrives/7');
    const filter = { codes: ['PIPE_CHANGE_FIELD'] };
    expect(rig.actions.slice(1, 3)).toEqual([
      ['redrive', { action: 'plan', filter, note: 'after the fix', dryRun: false }],
      ['redrive, not awaited', { action: 'run', redriveId: '7' }],
    ]);
    rig.answer = { redrive: { ...REDRIVE, state: 'complete', resolved: 2 } };
    if (!javaScriptEnabled) await page.reload();
    await page.getByText('complete').waitFor();
    await page.context().close();
  });

  it('verifies when it is asked to', async () => {
    rig.actions.length = 0;
    const { page } = await visit(browser, url);
    await page.getByRole('button', { name: 'Verify now' }).click();
    await page.waitForURL('**/#agreement');
    expect(rig.actions).toEqual([['verify-replica', { action: 'verify' }]]);
    await page.context().close();
  });

  it('loads nothing of another origin', async () => {
    const { page } = await visit(browser, url);
    // 127.0.0.1 and localhost are two origins.
    const request = `fetch('http://localhost:${new URL(url).port}/').then(() => 'loaded', () => 'refused')`;
    expect(await page.evaluate(request)).toBe('refused');
    await page.context().close();
  });
});
