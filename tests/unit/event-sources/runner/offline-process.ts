/**
 * serverless-offline's functions in a process of their own, since some of them end it: `offline-process.ts JSON`. Prints
 * one line of JSON for each step.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { InProcessInvoker } from '../../../../localstack/event-sources/runner/in-process-invoker.ts';
import { patchServerlessOffline } from '../../../../localstack/event-sources/runner/patched-serverless-offline.ts';

export interface OfflineTask {
  readonly isPatched: boolean;
  /** The handlers' language, JavaScript by default. */
  readonly language?: 'python';
  readonly timeoutSeconds?: number;
  /** After how long an idle instance ends, 60 s by default. */
  readonly idleSeconds?: number;
  readonly provisionedConcurrency?: Readonly<Record<string, number>>;
  /** `Event` and `RequestResponse` go through the Invoke API's controller, `in process` through our own invoker. */
  readonly steps: readonly {
    readonly handler: string;
    readonly via: 'RequestResponse' | 'Event' | 'in process';
    readonly event?: object;
    /** Number of simultaneous invocations, each of which has an instance of its own. */
    readonly times?: number;
    /** Invokes a function that returns the id of its instance until another instance answers, and prints nothing. */
    readonly untilEnded?: boolean;
  }[];
}

type Step = OfflineTask['steps'][number];

const root = join(import.meta.dirname, '..', '..', '..', '..');
const {
  isPatched,
  language,
  timeoutSeconds = 60,
  idleSeconds,
  provisionedConcurrency = {},
  steps,
} = JSON.parse(process.argv[2] ?? '') as OfflineTask;
/** Ends what hangs. Any machine ends an idle instance earlier. */
const LIMIT_MS = 60_000;
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const captured = isPatched
  ? (
      await patchServerlessOffline(root, {
        queue: async (functionName, payload) => {
          print({ queued: functionName, payload });
          return true;
        },
        takeMetricLine: (metricLine) => {
          if (metricLine.includes('Refused')) throw new Error('It is not possible to decrease a counter');
          print({ metricLine });
        },
        provisionedConcurrency: new Map(Object.entries(provisionedConcurrency)),
      })
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
const lambda = new Lambda(serverless, { host: '127.0.0.1', lambdaPort: 0, terminateIdleLambdaTime: idleSeconds ?? 60 });
lambda.create(
  [...new Set(steps.map(({ handler }) => handler))].map((name) => ({
    functionKey: name,
    functionDefinition:
      language === 'python'
        ? { name, handler: `tests/unit/event-sources/runner/faulty_handlers.${name}`, runtime: 'python3.13' }
        : { name, handler: `tests/unit/event-sources/runner/faulty-handlers.${name}` },
  })),
);
const controller = new InvocationsController(lambda);
// The pool ends idle instances once it is started.
if (isPatched || idleSeconds !== undefined) await lambda.start();

async function invoke({ handler, via, event = {} }: Step): Promise<object> {
  const payload = JSON.stringify(event);
  if (via !== 'in process') return controller.invoke(handler, via, JSON.parse(payload), undefined);
  const invoker = new InProcessInvoker((await captured) ?? lambda, { handlersShareThread: false });
  return invoker.invoke({ functionName: handler, payload });
}

for (const step of steps) {
  if (step.untilEnded) {
    const { body: first } = (await invoke(step)) as { body?: string };
    const untilMs = performance.now() + LIMIT_MS;
    do {
      if (performance.now() > untilMs) throw new Error(`expected the idle instance of ${step.handler} to end`);
      await sleep(4_000 * (idleSeconds ?? 0));
    } while (((await invoke(step)) as { body?: string }).body === first);
  } else {
    for (const result of await Promise.all(Array.from({ length: step.times ?? 1 }, () => invoke(step)))) print(result);
  }
}
// An unpatched asynchronous invocation ends the process with status 1 when its function fails, which is after its response.
const mayEndLater = !isPatched && steps.some(({ via }) => via === 'Event');
setTimeout(() => process.exit(0), mayEndLater ? 30_000 : 0);
