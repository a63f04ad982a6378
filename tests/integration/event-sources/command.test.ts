import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MappingMetrics } from '../../../localstack/event-sources/metrics/mapping-metrics.ts';
import { produce } from '../../support/event-sources/kafka-client.ts';
import { clusterArn, kill, MappingRun } from '../../support/event-sources/mapping-run.ts';
import { freePort } from '../../support/event-sources/scratch-service.ts';
import { eventually } from '../../support/eventually.ts';
import { endpoints } from '../../support/servers.ts';

const program = join(import.meta.dirname, '..', '..', '..', 'localstack', 'event-sources', 'cli.ts');

const children: ChildProcess[] = [];
afterEach(() => Promise.all(children.splice(0).map(kill)));

/** Starts the command. It is killed after the test if it still runs. */
function command(...args: string[]): { child: ChildProcess; lines: () => string[]; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  children.push(child);
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, lines: () => output.split('\n').slice(0, -1), ended };
}

/** Runs the body with a mapping and the file of its template. The body starts the command. */
async function withTemplateFile(
  body: (run: MappingRun, file: string) => Promise<void>,
  textOf = (run: MappingRun) => JSON.stringify(run.template()),
): Promise<void> {
  const run = await MappingRun.prepare({ partitions: 2 });
  try {
    const file = join(run.directory, 'template.json');
    await writeFile(file, textOf(run));
    await body(run, file);
  } finally {
    await run.end();
  }
}

test('the command invokes functions through the Invoke API, logs each batch, serves the counters and ends by SIGTERM', () =>
  withTemplateFile(async (run, file) => {
    run.fn.respond = (_event, count) => (count === 1 ? { functionError: 'Unhandled' } : {});
    const metricsPort = await freePort();
    const brokers = endpoints().kafka.brokers.join(',');
    await produce(run.topic, [
      { value: 'a', partition: 0 },
      { value: 'b', partition: 0 },
      { value: 'c', partition: 1 },
    ]);
    const { child, lines, ended } = command(
      ...['--template', file, '--lambda', run.fn.endpoint, '--brokers', brokers],
      ...['--state', join(run.directory, 'state'), '--metrics', String(metricsPort)],
    );
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(lines().join('\n'));
      const response = await fetch(`http://127.0.0.1:${metricsPort}/metrics.json`).catch(() => undefined);
      const { mappings } = ((await response?.json()) ?? {}) as { mappings?: Record<string, MappingMetrics> };
      return mappings?.['Mapping']?.CommittedEventCount === 3;
    });
    expect([...new Set(run.fn.values)].sort()).toEqual(['a', 'b', 'c']);
    expect(run.fn.invocations.every(({ functionName }) => functionName === 'recording')).toBe(true);

    const metrics = async (path: string) => fetch(`http://127.0.0.1:${metricsPort}${path}`);
    const failed = Object.values(run.fn.invocations[0]?.event.records ?? {}).flat().length;
    expect(await (await metrics('/metrics.json')).json()).toEqual({
      mappings: {
        Mapping: expect.objectContaining({
          PolledEventCount: 3,
          FilteredOutEventCount: 0,
          InvokedEventCount: 3 + failed,
          FailedInvokeEventCount: failed,
          InvokeErrorCount: 1,
          DroppedEventCount: 0,
          OnFailureDestinationDeliveredEventCount: 0,
          CommittedEventCount: 3,
          OffsetLag: 0,
          MaxOffsetLag: 0,
          SumOffsetLag: 0,
        }),
      },
      asynchronous: { queued: 0 },
      standstills: [],
    });
    expect((await metrics('/other')).status).toBe(404);

    const batches = () =>
      lines()
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ message }) => message === 'batch');
    await eventually(() => batches().length === run.fn.invocations.length);
    expect(batches()[0]).toMatchObject({
      level: 'info',
      mapping: 'Mapping',
      offsets: expect.anything(),
      records: failed,
      bytes: Buffer.byteLength(run.fn.invocations[0]?.payload ?? ''),
      durationMs: expect.any(Number),
      outcome: 'functionError',
      attempt: 1,
    });
    expect(lines().some((line) => line.includes('"level":"debug"'))).toBe(false);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  }));

const samTemplate = `
Transform: AWS::Serverless-2016-10-31
Parameters: { Topics: { Type: CommaDelimitedList } }
Globals: { Function: { Timeout: 30, AutoPublishAlias: live } }
Resources:
  Load:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Http: { Type: HttpApi }
        Orders:
          Type: MSK
          Properties:
            Stream: ${clusterArn}
            Topics: !Ref Topics
            StartingPosition: TRIM_HORIZON
            MaximumBatchingWindowInSeconds: 0
`;

test('the command reads a SAM template and the value of its parameter, and passes the alias of the function', () =>
  withTemplateFile(
    async (run, file) => {
      await produce(run.topic, [{ value: 'a' }]);
      const { child, lines } = command(
        ...['--template', file, '--lambda', run.fn.endpoint, '--brokers', endpoints().kafka.brokers.join(',')],
        ...['--state', join(run.directory, 'state'), '--parameter', `Topics=${run.topic}`],
      );
      await eventually(() => {
        if (child.exitCode !== null) throw new Error(lines().join('\n'));
        return run.fn.invocations.length > 0;
      });
      expect(run.fn.invocations[0]).toMatchObject({ functionName: 'Load', qualifier: 'live' });
      expect(run.fn.values).toEqual(['a']);
      expect(lines().map((line) => JSON.parse(line) as unknown)).toContainEqual(
        expect.objectContaining({ level: 'warn', resource: 'Load', event: 'Http', type: 'HttpApi' }),
      );
    },
    () => samTemplate,
  ));

describe('The command rejects invalid input in one line', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'command-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  test.each([
    [
      'a template without mappings',
      { Fn: { Type: 'AWS::Lambda::Function' } },
      /expected an AWS::Lambda::EventSourceMapping for Kafka, .* found none/,
    ],
    [
      'a function that only AWS knows',
      {
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            FunctionName: { 'Fn::ImportValue': 'load-arn' },
            EventSourceArn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/demo/1',
            Topics: ['t'],
            StartingPosition: 'LATEST',
          },
        },
      },
      /^Mapping: FunctionName: only AWS knows the import load-arn: .*--function load-arn=NAME \(AWS: accepts it\)$/,
    ],
  ])('%s', async (_name, resources, expected) => {
    const file = join(directory, 'template.json');
    await writeFile(file, JSON.stringify({ Resources: resources }));
    const { lines, ended } = command(
      ...['--template', file, '--lambda', 'http://127.0.0.1:1', '--brokers', '127.0.0.1:1'],
    );
    expect(await ended).toBe(1);
    expect(lines()).toEqual([expect.stringMatching(expected)]);
  });

  test('options, each named as it was written', async () => {
    const { lines, ended } = command(
      ...[
        '--template',
        'unread.json',
        '--lambda',
        'localhost:3001',
        '--brokers',
        'localhost',
        '--s3',
        'localhost:9000',
      ],
      ...['--metrics', 'x', '--options', '{"coldStart":1}'],
    );
    expect(await ended).toBe(1);
    expect(lines().sort()).toEqual([
      '--brokers: expected host:port, got "localhost": add the port, 9092 for most brokers',
      expect.stringMatching(/^--lambda: expected a URL .* write http:\/\/localhost:3001$/),
      '--metrics: expected a port from 0 to 65535, got "x"',
      '--options: coldStart: is no option; did you mean coldStartMs?',
      expect.stringMatching(/^--s3: expected a URL .* write http:\/\/localhost:9000$/),
    ]);
  });
});
