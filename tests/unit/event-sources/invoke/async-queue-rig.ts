import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AsyncDestinations } from '../../../../localstack/event-sources/destinations/async-destinations.ts';
import { AwsSender } from '../../../../localstack/event-sources/destinations/sender.ts';
import { AsyncQueue } from '../../../../localstack/event-sources/invoke/async-queue.ts';
import { QueuedEventStore } from '../../../../localstack/event-sources/invoke/queued-event-store.ts';
import { createLogger } from '../../../../localstack/event-sources/logger.ts';
import type { AsyncSettings } from '../../../../localstack/event-sources/model/async-invocation.ts';
import type { InvocationOutcome, InvocationRequest } from '../../../../localstack/event-sources/model/invocation.ts';
import { readOptions } from '../../../../localstack/event-sources/options.ts';
import { eventually } from '../../../support/eventually.ts';
import { JumpingClock } from '../jumping-clock.ts';
import { RecordedStandstills } from '../recorded-standstills.ts';

export const arn = 'arn:aws:lambda:eu-central-1:123456789012:function:fn';
export const queueArn = 'arn:aws:sqs:eu-central-1:123456789012:failed';
export const bucketArn = 'arn:aws:s3:::failures';
export const success: InvocationOutcome = { kind: 'success', statusCode: 200, body: '"done"', requestId: 'r' };
export const threw: InvocationOutcome = {
  kind: 'functionError',
  statusCode: 200,
  functionError: 'Unhandled',
  body: '{"errorMessage":"broken"}',
  requestId: 'r',
};
export const throttled: InvocationOutcome = {
  kind: 'notInvoked',
  statusCode: 429,
  throttled: true,
  reason: 'too many',
  requestId: 'r',
};

let directory: string;

/** Gives each test of a file a directory for the queue and the destinations. @returns its path. */
export function useDirectory(): () => string {
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'async-invocation-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  return () => directory;
}

/** A queue whose function answers with the outcomes in turn, and with the last one from then on. Its waits take no time. */
export function queueOf(outcomes: readonly InvocationOutcome[], settings: Partial<AsyncSettings> = {}) {
  const calls: InvocationRequest[] = [];
  const clock = new JumpingClock();
  const invoker = {
    invoke: async (request: InvocationRequest) => {
      calls.push(request);
      const outcome = outcomes[Math.min(calls.length, outcomes.length) - 1] ?? success;
      await setup.hold(request);
      return outcome;
    },
  };
  const setup = { hold: async (_request: InvocationRequest): Promise<void> => {} };
  const standstills = new RecordedStandstills();
  const lines: string[] = [];
  const log = createLogger('debug', (line) => lines.push(line));
  const sender = new AwsSender({
    endpoints: {},
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    region: 'eu-central-1',
    directory: join(directory, 'destinations'),
    invoker,
  });
  const asynchronous = { maximumRetryAttempts: 2, maximumEventAgeSeconds: 21_600, ...settings };
  const queue = new AsyncQueue({
    store: new QueuedEventStore(join(directory, 'queue')),
    invoker,
    functions: (name) => (name === 'removed' ? undefined : { name, arn, timeoutSeconds: 3, asynchronous }),
    outcomes: new AsyncDestinations(sender, log),
    log,
    retryDelaysMs: readOptions({}).asyncRetryDelaysMs,
    concurrency: 10,
    clock,
    standstills,
  });
  return Object.assign(setup, { queue, calls, clock, lines, standstills });
}

export const idle = (queue: AsyncQueue) => eventually(() => queue.size === 0);

/** Queues one event, and waits until it has ended. */
export async function run({ queue }: ReturnType<typeof queueOf>, payload = '{"a":1}'): Promise<void> {
  await queue.recover();
  queue.start();
  await queue.enqueue('fn', payload);
  await idle(queue);
}

/** What the destinations have received, without attributes. */
export async function documents(place: string): Promise<unknown[]> {
  const folder = join(directory, 'destinations', place);
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && !entry.name.endsWith('.attributes'),
  );
  return Promise.all(files.map(async (f) => JSON.parse(await readFile(join(f.parentPath, f.name), 'utf8')) as unknown));
}

/** The attributes of the messages in the folder, each of which is beside its message. */
export async function attributesIn(place: string): Promise<unknown[]> {
  const folder = join(directory, 'destinations', place);
  const names = await readdir(folder);
  const messages = names.filter((name) => name.endsWith('.json'));
  expect(names.filter((name) => name.endsWith('.attributes'))).toHaveLength(messages.length);
  return Promise.all(
    messages.map(
      async (name) => JSON.parse(await readFile(join(folder, name.replace(/json$/, 'attributes')), 'utf8')) as unknown,
    ),
  );
}
