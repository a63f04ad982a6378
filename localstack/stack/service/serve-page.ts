import type { StackEndpoints } from '../endpoints.ts';
import type { FunctionInvoker } from './function-invoker.ts';
import { invokedPage } from './invoked-page.ts';
import { type PageRequest, PageServer } from './page-server.ts';
import type { Service } from './serverless-types.ts';
import type { LocalStackSettings } from './settings.ts';

interface Options {
  readonly invoker: Pick<FunctionInvoker, 'invoke'>;
  readonly onNotice: (line: string) => void;
}

/** serverless-offline ends an instance that is idle for 60 s, and the next page would wait for the start of another one. */
const KEEP_ALIVE_INTERVAL_MS = 40_000;

/** A request that makes the function read nothing. */
const KEEP_ALIVE: PageRequest = { method: 'GET', target: '/keep-alive', headers: {}, body: Buffer.alloc(0) };

/** Serves the operators' page at `dashboardUrl`, until the process ends. Does nothing for a service without such a page. */
export async function servePage(
  service: Service,
  { dashboard }: LocalStackSettings,
  { dashboardUrl }: StackEndpoints,
  { invoker, onNotice }: Options,
): Promise<void> {
  if (dashboard === undefined || dashboardUrl === null) return;
  const { name } = service.getFunction(dashboard);
  const answer = invokedPage(invoker, name);
  const { host, port } = new URL(dashboardUrl);
  await new PageServer(answer, onNotice).listen(Number(port));
  const keepAlive = () => void answer(KEEP_ALIVE, host).catch(() => {});
  keepAlive();
  setInterval(keepAlive, KEEP_ALIVE_INTERVAL_MS).unref();
}
