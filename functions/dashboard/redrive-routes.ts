import type { Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Redrive, RedriveCount, RedriveFilter } from '../core/redrive.ts';
import type { FunctionCaller } from '../ports/function-caller.ts';
import type { FunctionInvoker } from '../ports/function-invoker.ts';
import type { Page } from './page/layout.ts';
import type { Markup } from './page/markup.ts';
import { redriveForm, redrivePage } from './page/redrive-page.ts';
import { respond } from './respond.ts';
import type { Bindings } from './safety.ts';

export interface RedriveRouteDependencies {
  /** Function redrive, asked for a plan, for the state of a redrive and to cancel one. */
  readonly redrive: FunctionCaller;
  /** The same, to run a redrive. */
  readonly redriveRun: FunctionInvoker;
}

type PlanAnswer =
  | { readonly counts: readonly RedriveCount[]; readonly redrive: Redrive | null }
  | { readonly refusal: { readonly reason: string } };

const MAX_NOTE_LENGTH = 1_000;

/** What the redrive is about, by fixed fields, with the longest value of each that function redrive accepts. */
const MAX_LENGTHS = { code: 1_024, key: 1_024, file: 1_024, id: 4_096 } as const;
type Fields = Readonly<Partial<Record<keyof typeof MAX_LENGTHS, string>>>;

/** Redrive: what it would take, with a note and a confirmation, then its progress and outcome. */
export function addRedriveRoutes(
  app: Hono<{ Bindings: Bindings }>,
  { redrive, redriveRun }: RedriveRouteDependencies,
  page: (content: Pick<Page, 'title' | 'body'>) => Markup,
): void {
  const planned = async (fields: Fields, note: string | null, dryRun: boolean) => {
    const answer = await redrive.call({ action: 'plan', filter: toFilter(fields), note, dryRun });
    const plan = answer as PlanAnswer;
    if ('refusal' in plan) throw new HTTPException(409, { message: plan.refusal.reason });
    return plan;
  };

  app.get('/redrive', async (c) => {
    const fields = fieldsOf((name) => c.req.query(name));
    const { counts } = await planned(fields, null, true);
    return respond(c, page({ title: 'Redrive', body: redriveForm(fields, counts) }));
  });

  app.post('/redrive', async (c) => {
    const form = await c.req.parseBody();
    const text = (name: string) => (typeof form[name] === 'string' ? form[name] : undefined);
    const note = text('note')?.trim().slice(0, MAX_NOTE_LENGTH) || null;
    const { redrive: begun } = await planned(fieldsOf(text), note, false);
    if (begun === null) throw new HTTPException(409, { message: 'No open dead letter matches any more.' });
    await redriveRun.invokeAsync({ action: 'run', redriveId: begun.redriveId });
    return c.redirect(`/redrives/${begun.redriveId}`, 303);
  });

  app.get('/redrives/:id', async (c) => {
    const { redrive: found } = (await redrive.call({ action: 'show', redriveId: idOf(c) })) as {
      redrive: Redrive | null;
    };
    if (found === null) throw new HTTPException(404, { message: 'There is no redrive with this number.' });
    return respond(c, page({ title: `Redrive ${found.redriveId}`, body: redrivePage(found, new Date()) }));
  });

  app.post('/redrives/:id/cancel', async (c) => {
    await redrive.call({ action: 'cancel', redriveId: idOf(c) });
    return c.redirect(`/redrives/${idOf(c)}`, 303);
  });
}

function idOf(c: Context): string {
  const id = c.req.param('id') ?? '';
  if (!/^\d{1,18}$/.test(id)) throw new HTTPException(404, { message: 'There is no redrive with this number.' });
  return id;
}

function fieldsOf(read: (name: string) => string | undefined): Fields {
  const given = Object.entries(MAX_LENGTHS).map(([name, max]) => [name, read(name)?.trim().slice(0, max)] as const);
  return Object.fromEntries(given.filter(([, value]) => value));
}

function toFilter({ code, key, file, id }: Fields): RedriveFilter {
  return {
    ...(code !== undefined && { codes: [code] }),
    ...(key !== undefined && { key }),
    ...(file !== undefined && { file }),
    ...(id !== undefined && { ids: [id] }),
  };
}
