import type { Redrive } from '../../../functions/core/redrive.ts';
import { AppRig, HOST, NOW } from '../../support/dashboard/app-rig.ts';
import { exampleDeadLetter, exampleState, exampleTrouble } from '../../support/dashboard/example-state.ts';

let rig: AppRig;

beforeEach(async () => {
  rig = await AppRig.create();
});

const REDRIVE = {
  ...{ redriveId: '7', state: 'running', filter: {}, note: null, rate: null, claimed: 0, published: 0 },
  ...{
    counts: [],
    resolved: 0,
    failed: 0,
    refused: 0,
    obsolete: 0,
    refusals: [],
    createdAt: NOW.toISOString(),
    finishedAt: null,
  },
} satisfies Record<keyof Redrive, unknown>;
const titleOf = (page: string) => /<title>(.*)<\/title>/.exec(page)?.[1];
const iconOf = (page: string) => /<link rel="icon"[^>]* href="([^"]+)"/.exec(page)?.[1];

describe('the tab of the browser', () => {
  it.each([
    ['/files', 'Files'],
    ['/dead-letters', 'Dead letters'],
    [`/dead-letter?id=${encodeURIComponent(exampleDeadLetter(NOW).id)}`, 'Dead letter PIPE_CHANGE_FIELD'],
    ['/redrive', 'Redrive'],
    ['/redrives/7', 'Redrive 7'],
  ])('names page %s', async (path, title) => {
    rig.answer = path === '/redrives/7' ? { redrive: REDRIVE } : { counts: [], redrive: null };
    const page = await rig.get(path);
    expect(titleOf(page)).toBe(title);
    expect(iconOf(page)).toBe(rig.assets.urls.iconWell);
    expect(page).toContain('<a href="/">');
  });

  it('shows whether something needs attention, on the home page', async () => {
    const well = await rig.get('/');
    expect(iconOf(well)).toBe(rig.assets.urls.iconWell);
    expect(well).toContain('<header class="top"><span>');
    rig.state = exampleState(NOW, exampleTrouble(NOW));
    const page = await rig.get('/');
    expect([iconOf(page), titleOf(page)]).toEqual([rig.assets.urls.iconAttention, expect.stringContaining('(3)')]);
  });
});

describe('a file', () => {
  it('leads to the reasons when it, or some of its rows, have failed', async () => {
    const page = await rig.get('/');
    const links = [...page.matchAll(/<p class="quiet">([^<]*)<a href="\/dead-letters\?file=([^"]+)">/g)];
    expect(links.map(([, text, file]) => [text, file])).toEqual([
      [
        '6,954 rows read, 6,660 filtered out, 287 sent, 285 loaded, 9 dead-lettered (',
        '2026-11-24%2Fa-much-longer-name-of-a-file-from-the-source-system.csv',
      ],
      ['No row counts (', '2026-11-23%2Fnotes.csv'],
    ]);
  });
});

describe('the list of dead letters', () => {
  it('says which ones it has', async () => {
    expect(await rig.get('/dead-letters')).toContain('1 dead letter, which waits');
    expect(await rig.get('/dead-letters?state=resolved')).toContain('1 dead letter, resolved');
  });
});

describe('a filter', () => {
  it('has only what was given, without blanks, and at most 200 characters', async () => {
    await rig.get(`/dead-letters?file=%20a.csv%20&key=${'x'.repeat(201)}`);
    expect(rig.filters).toEqual([expect.objectContaining({ file: 'a.csv', key: 'x'.repeat(200) })]);
    await rig.get('/dead-letters');
    expect(Object.keys(rig.filters.at(-1) ?? {})).toEqual(['states']);
  });

  it('of a redrive has only what was given', async () => {
    await rig.get('/redrive?file=%20a.csv%20&code=%20');
    const [, event] = rig.actions[0] as [string, { filter: object }];
    expect(Object.keys(event.filter)).toEqual(['file']);
  });
});

describe('an error says', () => {
  it('that a dead letter does not exist, also without an id', async () => {
    for (const path of ['/dead-letter?id=none', '/dead-letter']) {
      const response = await rig.request(path);
      expect([response.status, await response.text()]).toEqual([
        ...[404, expect.stringContaining('There is no dead letter with this name.')],
      ]);
    }
  });

  it.each(['/redrives/x', `/redrives/${'9'.repeat(19)}`])('that %s is no redrive, without asking', async (path) => {
    const response = await rig.request(path);
    expect([response.status, await response.text()]).toEqual([
      ...[404, expect.stringContaining('There is no redrive with this number.')],
    ]);
    expect(rig.actions).toEqual([]);
  });

  it('that a redrive does not exist', async () => {
    rig.answer = { redrive: null };
    const response = await rig.request(`/redrives/${'9'.repeat(18)}`);
    expect([response.status, await response.text()]).toEqual([
      ...[404, expect.stringContaining('There is no redrive with this number.')],
    ]);
    expect(rig.actions).toHaveLength(1);
  });

  it('that nothing is left to be redriven', async () => {
    expect(await (await rig.post('/redrive', { code: 'PIPE_A' })).text()).toContain(
      'No open dead letter matches any more.',
    );
  });

  it('nothing of its cause, which is logged with the path of the page', async () => {
    rig.findFiles = () => Promise.reject(new Error('away'));
    await rig.get('/files?key=secret');
    expect(rig.logger.entries).toEqual([
      { level: 'warn', message: 'a page could not be shown', context: { path: '/files', reason: 'away' } },
    ]);
  });
});

it('cuts a note at 1,000 characters, and takes one of blanks for none', async () => {
  await rig.post('/redrive', { note: 'n'.repeat(1_001) });
  await rig.post('/redrive', { note: '  ' });
  expect(rig.actions.map(([, event]) => (event as { note: string | null }).note)).toEqual(['n'.repeat(1_000), null]);
});

it('ignores a file that is sent in place of a text', async () => {
  const form = new FormData();
  form.append('code', new File(['PIPE_A'], 'code.txt'));
  const headers = { 'sec-fetch-site': 'same-origin', origin: `http://${HOST}` };
  await rig.request('/redrive', { method: 'POST', body: form, headers });
  expect(rig.actions).toEqual([['redrive', { action: 'plan', filter: {}, note: null, dryRun: false }]]);
});

it('answers a poll of a browser that has nothing with every part', async () => {
  expect((await rig.get('/parts')).match(/hx-target="#[a-z-]+"/g)).toHaveLength(6);
});
