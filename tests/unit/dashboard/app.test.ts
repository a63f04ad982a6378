import { join } from 'node:path';
import { createApp } from '../../../functions/dashboard/app.ts';
import { type Assets, loadAssets } from '../../../functions/dashboard/assets.ts';
import { Judge } from '../../../functions/dashboard/judge.ts';
import type { DashboardState } from '../../../functions/dashboard/state.ts';
import { PENDING_STATES } from '../../../functions/core/dead-letter-entry.ts';
import type { DeadLetterFilter } from '../../../functions/ports/dead-letter-ledger.ts';
import { exampleDeadLetter, exampleState, exampleTrouble, failing } from '../../support/dashboard/example-state.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const ROOT = join(__dirname, '../../..');
const HOST = '127.0.0.1:3000';
const NOW = new Date('2026-11-26T08:00:00Z');

let assets: Assets;
let state: DashboardState;
let searched: string[];
let filters: DeadLetterFilter[];
let logger: RecordingLogger;

beforeAll(async () => {
  const folder = join(ROOT, 'functions/dashboard/assets');
  assets = await loadAssets({
    style: join(folder, 'page.css'),
    script: join(folder, 'page.js'),
    htmx: join(ROOT, 'node_modules/htmx.org/dist/htmx.min.js'),
    iconWell: join(folder, 'icon-well.svg'),
    iconAttention: join(folder, 'icon-attention.svg'),
  });
});

beforeEach(() => {
  state = exampleState(NOW);
  searched = [];
  filters = [];
  logger = new RecordingLogger();
});

function request(path: string, init: RequestInit & { host?: string } = {}, isFailing = false): Promise<Response> {
  const app = createApp({
    ...{ stage: 'local', assets, judge: new Judge(), logger, state: { read: async () => state } },
    salaries: {
      findFiles: async (key) => {
        searched.push(key);
        if (isFailing) throw new Error('secret detail of the database');
        return state.readings.salaries.value?.newest ?? [];
      },
    },
    deadLetters: {
      list: async (filter) => {
        filters.push(filter);
        return [exampleDeadLetter(NOW)];
      },
      find: async (id) => (id === exampleDeadLetter(NOW).id ? exampleDeadLetter(NOW) : null),
    },
  });
  const { host = HOST, ...rest } = init;
  const headers = { host, ...(rest.headers as Record<string, string>) };
  const bindings = { requestContext: { domainName: HOST } };
  return Promise.resolve(app.fetch(new Request(`http://${HOST}${path}`, { ...rest, headers }), bindings));
}

const get = async (path: string, headers: Record<string, string> = {}) => (await request(path, { headers })).text();

describe('the home page', () => {
  it('says that all is well, and shows every part in the order in which one looks', async () => {
    const page = await get('/');
    expect(page).toContain('<h1>All is well</h1>');
    expect(page.match(/<section id="([^"]+)"/g)?.map((tag) => tag.slice(13, -1))).toEqual([
      ...['verdict', 'changes', 'salaries', 'dead-letters', 'agreement', 'details'],
    ]);
    for (const text of ['9,102,142', '88 ms', '1,000,212', '2026-11-25/']) expect(page).toContain(text);
  });

  it('shows each thing that needs attention, since when, and what to do', async () => {
    state = exampleState(NOW, exampleTrouble(NOW));
    const page = await get('/');
    expect(page).toContain('need attention</h1>');
    expect(page).toContain('alter table employees alter column city type varchar(100)');
    expect(page).toContain('PIPE_TARGET_SCHEMA');
    expect(page).toContain('12 min ago');
  });

  it('shows markup in a name or a reason as plain text', async () => {
    const script = '<script>alert(1)</script>';
    const trouble = exampleTrouble(NOW);
    const [group] = trouble.deadLetters?.groups ?? [];
    state = exampleState(NOW, {
      ...trouble,
      deadLetters: {
        redrives: [],
        groups: group ? [{ ...group, code: script, sampleReason: script, sampleId: '"><img>' }] : [],
      },
    });
    const page = await get('/');
    expect(page).not.toContain(script);
    expect(page).not.toContain('<img>');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('says which server does not answer, keeps its older values, and shows the rest', async () => {
    const { readings } = state;
    const since = new Date(NOW.getTime() - 42_000);
    state = {
      ...state,
      readings: {
        ...readings,
        salaries: failing(readings.salaries, since),
        groups: failing(readings.groups, since, false),
      },
    };
    const page = await get('/');
    expect(page).toContain('<b>No answer from the target database</b> for 40 s');
    expect(page).toContain('Shown as of 08:00:00 UTC');
    expect(page).toContain('9,102,142');
    expect(page).toContain('<b>No answer from Kafka</b>');
    expect(page).toContain('PIPE_SERVER_UNAVAILABLE');
    expect(page).toContain('88 ms');
  });

  it('answers 304 to a browser that has it', async () => {
    const first = await request('/');
    const tag = first.headers.get('etag') ?? '';
    expect((await request('/', { headers: { 'if-none-match': tag } })).status).toBe(304);
    state = exampleState(NOW, exampleTrouble(NOW));
    expect((await request('/', { headers: { 'if-none-match': tag } })).status).toBe(200);
  });

  it('weighs less than 60 KB with everything that it loads', async () => {
    state = exampleState(NOW, exampleTrouble(NOW));
    const headers = { 'accept-encoding': 'gzip' };
    const sizeOf = async (path: string) => (await (await request(path, { headers })).arrayBuffer()).byteLength;
    const sizes = await Promise.all(['/', ...assets.files.keys()].map(sizeOf));
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(60 * 1_024);
  });
});

describe('a poll', () => {
  const tagsOf = (page: string) => [...page.matchAll(/data-tag="([^"]+)"/g)].map(([, tag]) => `"${tag}"`);

  it('is answered with 304 while nothing has changed', async () => {
    const tags = tagsOf(await get('/'));
    expect(tags).toHaveLength(6);
    const response = await request('/parts', { headers: { 'if-none-match': tags.join(', ') } });
    expect([response.status, await response.text()]).toEqual([304, '']);
  });

  it('brings the parts that have changed, and no others', async () => {
    const tags = tagsOf(await get('/')).join(', ');
    state = exampleState(NOW, { deadLetters: exampleTrouble(NOW).deadLetters ?? { groups: [], redrives: [] } });
    const parts = await get('/parts', { 'if-none-match': tags });
    expect(parts.match(/hx-target="#[a-z-]+"/g)).toEqual(['hx-target="#verdict"', 'hx-target="#dead-letters"']);
    expect(parts).toContain('<title>(1) Needs attention · employee-streams</title>');
  });
});

describe('other pages', () => {
  it('find files by a part of their key', async () => {
    expect(await get('/files?key=%20Salaries%20')).toContain('value="Salaries"');
    expect(searched).toEqual(['Salaries']);
  });

  it('filter dead letters by fixed fields', async () => {
    await get('/dead-letters?code=PIPE_CHANGE_FIELD&key=7&state=&filter=1%3D1');
    expect(filters).toEqual([{ codes: ['PIPE_CHANGE_FIELD'], key: '7', states: PENDING_STATES }]);
    await get('/dead-letters?state=resolved');
    expect(filters.at(-1)).toEqual({ states: ['resolved'] });
    await get('/dead-letters?state=nonsense');
    expect(filters.at(-1)).toEqual({ states: PENDING_STATES });
  });

  it('show one dead letter, also one whose name has slashes', async () => {
    const { id, reason } = exampleDeadLetter(NOW);
    expect(id).toContain('/');
    expect(await get(`/dead-letter?id=${encodeURIComponent(id)}`)).toContain(reason);
    expect((await request('/dead-letter?id=none')).status).toBe(404);
  });
});

describe('a request that is refused', () => {
  const plainErrorOf = async (response: Response) => {
    const text = await response.text();
    expect(text).not.toMatch(/at .*\.ts|node_modules|stack/i);
    return response.status;
  };

  it.each([
    ['a foreign name in its Host header', '/', { host: 'attacker.example:3000' }, 403],
    ['another port in its Host header', '/', { host: '127.0.0.1:3001' }, 403],
    ['no such page', '/.env', {}, 404],
    ['no such file', '/assets/../config.ts', {}, 404],
    [
      'a method that the page does not have',
      '/',
      { method: 'DELETE', headers: { 'sec-fetch-site': 'same-origin' } },
      405,
    ],
    [
      'an action that comes from another site',
      '/',
      { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } },
      403,
    ],
    ['an action of something that is no browser', '/', { method: 'POST' }, 403],
    ['a huge query', `/files?key=${'x'.repeat(10_000)}`, {}, 414],
  ] as const)('because it has %s gets a plain error', async (_, path, init, status) => {
    expect(await plainErrorOf(await request(path, init))).toBe(status);
    expect(searched).toEqual([]);
  });

  it('because a server is away gets a plain error, and the log says why', async () => {
    const response = await request('/files', {}, true);
    expect(await plainErrorOf(response.clone())).toBe(503);
    expect(await response.text()).not.toContain('secret detail');
    expect(logger.entries).toHaveLength(1);
  });
});

describe('every response', () => {
  it.each(['/', '/parts', '/files', '/nothing', '/assets/nothing'])(
    'of %s forbids what the page does not need',
    async (path) => {
      const { headers } = await request(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|http/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    },
  );

  it('lets browsers keep files whose address changes with their content, and nothing else', async () => {
    for (const path of assets.files.keys()) {
      expect((await request(path)).headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    }
    expect((await request('/')).headers.get('cache-control')).toBe('no-cache');
    expect((await request('/files')).headers.get('cache-control')).toBe('no-store');
  });

  it('has no style or script within the page, which the policy would forbid', async () => {
    state = exampleState(NOW, exampleTrouble(NOW));
    expect(await get('/')).not.toMatch(/<style|style=|<script>|onclick=|javascript:/);
  });
});
