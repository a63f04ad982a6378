import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { DEAD_LETTER_STATES, PENDING_STATES, storableText } from '../core/dead-letter-entry.ts';
import type { Clock } from '../ports/clock.ts';
import type { DeadLetterFilter, DeadLetterLedger, LedgerEntry } from '../ports/dead-letter-ledger.ts';
import type { FunctionInvoker } from '../ports/function-invoker.ts';
import type { Logger } from '../ports/logger.ts';
import type { RecordReader } from '../ports/record-reader.ts';
import type { SalaryView } from '../ports/salary-view.ts';
import { type Assets, shortHash } from './assets.ts';
import { recordOf } from './dead-letter-record.ts';
import type { Judge } from './judge.ts';
import { deadLetterList, type ListedDeadLetters } from './page/dead-letter-list.ts';
import { deadLetterPage } from './page/dead-letter-page.ts';
import { errorPage } from './page/error-page.ts';
import { filesPage } from './page/files-page.ts';
import { changedParts, homeBody, homeParts } from './page/home.ts';
import { layout, type Page } from './page/layout.ts';
import { titleOf } from './page/verdict-section.ts';
import { addRedriveRoutes, type RedriveRouteDependencies } from './redrive-routes.ts';
import { respond } from './respond.ts';
import { type Bindings, safety } from './safety.ts';
import type { SharedState } from './shared-state.ts';
import { shownPayload } from './shown-payload.ts';

export interface AppDependencies extends RedriveRouteDependencies {
  readonly stage: string;
  readonly assets: Assets;
  readonly clock: Pick<Clock, 'sleep'>;
  readonly state: Pick<SharedState, 'read'>;
  readonly judge: Pick<Judge, 'judge'>;
  readonly salaries: Pick<SalaryView, 'findFiles'>;
  readonly deadLetters: Pick<DeadLetterLedger, 'list' | 'find'>;
  /** Reads the record of a dead letter. */
  readonly records: Pick<RecordReader, 'read'>;
  /** Function verify-replica. */
  readonly verify: FunctionInvoker;
  readonly logger: Logger;
}

type App = Hono<{ Bindings: Bindings }>;

const MAX_FILES = 50;
const MAX_DEAD_LETTERS = 50;
/** Longer texts in a filter find nothing. */
const MAX_FILTER_LENGTH = 200;
/** The client of Kafka tries for longer, while the viewer waits for the rest of the page. */
const PAYLOAD_TIMEOUT_MS = 2_000;

/** The operators' page. */
export function createApp(dependencies: AppDependencies): App {
  const { stage, assets, clock, state, judge, salaries, deadLetters, records, verify, logger } = dependencies;
  const app: App = new Hono<{ Bindings: Bindings }>();
  const page = (content: Omit<Page, 'stage' | 'isWell'> & { isWell?: boolean }, isHome = false) =>
    layout({ isWell: true, ...content, stage }, assets.urls, isHome);
  const home = async () => {
    const current = await state.read(stage);
    const attention = judge.judge(current);
    return { attention, parts: homeParts(current, attention, shortHash) };
  };

  /** `undefined` when Kafka does not answer in time. */
  const payloadOf = async (entry: LedgerEntry) => {
    try {
      const timeout = clock.sleep(PAYLOAD_TIMEOUT_MS).then(() => undefined);
      const record = await Promise.race([recordOf(records, entry), timeout]);
      return record && shownPayload(record.value);
    } catch {
      return undefined;
    }
  };

  app.use(...safety());

  app.get('/', async (c) => {
    const { attention, parts } = await home();
    const [title, isWell] = [titleOf(attention), attention.length === 0];
    return respond(c, page({ title, isWell, body: homeBody(parts) }, true), { revalidated: true });
  });

  app.get('/parts', async (c) => {
    const { parts } = await home();
    const known = new Set(c.req.header('if-none-match')?.match(/[\w.-]+/g));
    if (parts.every(({ tag }) => known.has(tag))) return c.body(null, 304);
    return respond(c, changedParts(parts, known));
  });

  app.get('/files', async (c) => {
    const key = filter(c, 'key');
    const files = await salaries.findFiles(key, MAX_FILES);
    return respond(c, page({ title: 'Files', body: filesPage(key, files, MAX_FILES, new Date()) }));
  });

  app.get('/dead-letters', async (c) => {
    const given = listedDeadLetters(c);
    const found = await deadLetters.list(ledgerFilter(given), MAX_DEAD_LETTERS);
    return respond(
      c,
      page({ title: 'Dead letters', body: deadLetterList(given, found, MAX_DEAD_LETTERS, new Date()) }),
    );
  });

  app.get('/dead-letter', async (c) => {
    const entry = await deadLetters.find(storableText(c.req.query('id') ?? ''));
    if (entry === null) throw new HTTPException(404, { message: 'There is no dead letter with this name.' });
    return respond(
      c,
      page({ title: `Dead letter ${entry.code}`, body: deadLetterPage(entry, await payloadOf(entry), new Date()) }),
    );
  });

  app.post('/verify', async (c) => {
    await verify.invokeAsync({ action: 'verify' });
    return c.redirect('/#agreement', 303);
  });

  addRedriveRoutes(app, dependencies, page);

  app.get('/assets/:name', (c) => {
    const asset = assets.files.get(c.req.path);
    if (asset === undefined) throw new HTTPException(404);
    return respond(c, asset, { immutable: true });
  });

  for (const { path } of [...app.routes]) {
    if (path.startsWith('/') && !path.includes('*')) {
      app.all(path, () => {
        throw new HTTPException(405);
      });
    }
  }
  app.notFound((c) => failed(c, new HTTPException(404)));
  app.onError((error, c) => {
    if (error instanceof HTTPException) return failed(c, error);
    logger.warn('a page could not be shown', { path: c.req.routePath, reason: error.message });
    return failed(c, new HTTPException(503));
  });

  /** Never shows more of an error than its status and the message that was written for it. */
  function failed(c: Context, { status, message }: HTTPException): Response | Promise<Response> {
    return respond(c, page(errorPage(status, message)), { status });
  }

  return app;
}

function filter(c: Context, name: string): string {
  return storableText(c.req.query(name) ?? '')
    .trim()
    .slice(0, MAX_FILTER_LENGTH);
}

function listedDeadLetters(c: Context): ListedDeadLetters {
  const [code, key, file] = [filter(c, 'code'), filter(c, 'key'), filter(c, 'file')];
  const state = DEAD_LETTER_STATES.find((each) => each === filter(c, 'state'));
  return { ...(code && { code }), ...(key && { key }), ...(file && { file }), ...(state && { state }) };
}

function ledgerFilter({ code, key, file, state }: ListedDeadLetters): DeadLetterFilter {
  return {
    states: state === undefined ? PENDING_STATES : [state],
    ...(code !== undefined && { codes: [code] }),
    ...(key !== undefined && { key }),
    ...(file !== undefined && { file }),
  };
}
