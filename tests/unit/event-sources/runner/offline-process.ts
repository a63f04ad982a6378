/**
 * serverless-offline's functions in a process of their own, since some of them end it: `offline-process.ts JSON`. Prints
 * one line of JSON for each step.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InProcessInvoker } from '../../../../localstack/event-sources/runner/in-process-invoker.ts';
import { patchServerlessOffline } from '../../../../localstack/event-sources/runner/patched-serverless-offline.ts';

export interface OfflineTask {
  readonly isPatched: boolean;
  readonly timeoutSeconds?: number;
  /** `Event` and `RequestResponse` go through the Invoke API's controller, `in process` through our own invoker. */
  readonly steps: readonly {
    readonly handler: string;
    readonly via: 'RequestResponse' | 'Event' | 'in process';
    readonly event?: object;
  }[];
}

const root = join(import.meta.dirname, '..', '..', '..', '..');
const { isPatched, timeoutSeconds = 60, steps } = JSON.parse(process.argv[2] ?? '') as OfflineTask;
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const captured = isPatched
  ? (
      await patchServerlessOffline(
        root,
        async (functionName, payload) => {
          print({ queued: functionName, payload });
          return true;
        },
        (metricLine) => print({ metricLine }),
      )
    ).lambda
  : undefined;

const source = pathToFileURL(join(root, 'node_modules', 'serverless-offline', 'src', 'lambda', '/')).href;
const { default: Lambda } = await import(`${source}index.js`);
const { default: InvocationsController } = await import(`${source}routes/invocations/InvocationsController.js`);
const serverless = {
  config: { servicePath: root },
  service: {
    service: 'test',
    provider: { name: 'aws', runtime: 'nodejs24.x', region: 'eu-central-1', timeout: timeoutSeconds },
  },
};
const lambda = new Lambda(serverless, { host: '127.0.0.1', lambdaPort: 0, terminateIdleLambdaTime: 60 });
lambda.create(
  [...new Set(steps.map(({ handler }) => handler))].map((name) => ({
    functionKey: name,
    functionDefinition: { name, handler: `tests/unit/event-sources/runner/faulty-handlers.${name}` },
  })),
);
const controller = new InvocationsController(lambda);
if (isPatched) await lambda.start();

for (const { handler, via, event = {} } of steps) {
  const payload = JSON.stringify(event);
  print(
    via === 'in process'
      ? await new InProcessInvoker((await captured) ?? lambda, { handlersShareThread: false }).invoke({
          functionName: handler,
          payload,
        })
      : await controller.invoke(handler, via, JSON.parse(payload), undefined),
  );
}
// An unpatched asynchronous invocation ends the process with status 1 when its function fails, which is after its response.
const mayEndLater = !isPatched && steps.some(({ via }) => via === 'Event');
setTimeout(() => process.exit(0), mayEndLater ? 30_000 : 0);
