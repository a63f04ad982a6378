import { join } from 'node:path';
import type { APIGatewayProxyEventV2, APIGatewayProxyResult, Context } from 'aws-lambda';
import { handle } from 'hono/aws-lambda';
import { loadConfig } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { createApp } from './app.ts';
import { loadAssets } from './assets.ts';
import { dashboardShape } from './config.ts';
import { openDashboard } from './wiring.ts';

const NAME = 'dashboard';

/** These files have the same place relative to this one in the repository and in the deployed package. */
const ASSETS = join(import.meta.dirname, 'assets');
const HTMX = join(import.meta.dirname, '../../node_modules/htmx.org/dist/htmx.min.js');

/** Answers the events of an HTTP API. A failure is shown on the page, and reported there only. */
export const handler = createHandler({
  name: NAME,
  connect: async ({ logger }) => {
    const config = loadConfig(dashboardShape, process.env);
    const assets = await loadAssets({
      style: join(ASSETS, 'page.css'),
      script: join(ASSETS, 'page.js'),
      htmx: HTMX,
      iconWell: join(ASSETS, 'icon-well.svg'),
      iconAttention: join(ASSETS, 'icon-attention.svg'),
    });
    return handle(createApp({ ...(await openDashboard(config, NAME)), assets, logger }));
  },
  handle: (respond, event: APIGatewayProxyEventV2, context: Context) =>
    respond(event as never, context) as Promise<APIGatewayProxyResult>,
});
