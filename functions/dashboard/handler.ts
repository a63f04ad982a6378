import { join } from 'node:path';
import type { Context } from 'aws-lambda';
import { handle } from 'hono/aws-lambda';
import { loadConfig } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { createApp } from './app.ts';
import { loadAssets } from './assets.ts';
import { dashboardShape } from './config.ts';
import { answerOperation, isOperation, type OperationDependencies } from './operations.ts';
import { openDashboard } from './wiring.ts';

const NAME = 'dashboard';

/** These files have the same place relative to this one in the repository and in the deployed package. */
const ASSETS = join(import.meta.dirname, 'assets');
const HTMX = join(import.meta.dirname, '../../node_modules/htmx.org/dist/htmx.min.js');

interface Dependencies {
  /** Answers requests for the page. */
  readonly app: ReturnType<typeof createApp>;
  readonly operations: OperationDependencies;
}

/** Answers the events of an HTTP API, whose failures are shown on the page only, and the commands of operators. */
export const handler = createHandler({
  name: NAME,
  connect: async ({ logger }): Promise<Dependencies> => {
    const config = loadConfig(dashboardShape, process.env);
    const assets = await loadAssets({
      style: join(ASSETS, 'page.css'),
      script: join(ASSETS, 'page.js'),
      htmx: HTMX,
      iconWell: join(ASSETS, 'icon-well.svg'),
      iconAttention: join(ASSETS, 'icon-attention.svg'),
    });
    const { app, operations } = await openDashboard(config, NAME);
    return { app: createApp({ ...app, assets, logger }), operations };
  },
  handle: ({ app, operations }, event: unknown, context: Context): Promise<unknown> =>
    isOperation(event) ? answerOperation(operations, event) : handle(app)(event as never, context),
});
