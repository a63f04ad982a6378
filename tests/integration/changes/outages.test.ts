import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalStack } from '../../../localstack/stack/local-stack.ts';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { TcpProxy } from '../../support/cdc/tcp-proxy.ts';
import { endpoints } from '../../support/servers.ts';

/** Outages of 10 s are promised to be harmless. They are shorter here, to save time; set `CDC_OUTAGE_MS=10000` for them. */
const OUTAGE_MS = Number(process.env['CDC_OUTAGE_MS'] ?? 3_000);

jest.setTimeout(120_000 + 5 * OUTAGE_MS);

/** The functions connect through proxies, the test itself does not. */
async function createPipelineWithProxies() {
  const direct = await CdcPipeline.create();
  const [source, target, dynamodb] = await Promise.all([
    TcpProxy.to(direct.settings.sourceUrl),
    TcpProxy.to(direct.settings.targetUrl),
    TcpProxy.to(endpoints().dynamodb.endpoint),
  ]);
  const proxies = { source: source.proxy, target: target.proxy, dynamodb: dynamodb.proxy };
  const pipeline = direct.withSettings({
    sourceUrl: source.url,
    targetUrl: target.url,
    dynamodbEndpoint: dynamodb.url,
  });
  return { pipeline, proxies };
}

test.each(['source', 'target', 'dynamodb'] as const)('an outage of %s loses nothing', async (system) => {
  const { pipeline, proxies } = await createPipelineWithProxies();
  try {
    await pipeline.startApplier();
    await pipeline.startPoller();
    await pipeline.source.query(`insert into employees (salary) select n from generate_series(1, 500) n`);
    await pipeline.untilConverged();
    proxies[system].cut();
    const untilMs = performance.now() + OUTAGE_MS;
    for (let round = 0; performance.now() < untilMs; round += 1) {
      await pipeline.source.query(`update employees set salary = salary + 1 where emp_id % 20 = ${round % 20}`);
      // The outage lasts for a fixed time, with a change at every interval.
      await sleep(100);
    }
    proxies[system].restore();
    await pipeline.source.query('delete from employees where emp_id % 3 = 0');
    await pipeline.untilConverged();
    expect(await pipeline.deadLetters()).toEqual([]);
  } finally {
    await pipeline.close();
    await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
  }
});

test('an outage of kafka loses nothing', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'changes-outages-'));
  const stack = new LocalStack({ directory, ports: 'free', servers: ['kafka'], onNotice: () => {}, onFatal: () => {} });
  const { brokers } = (await stack.start()).kafka;
  const pipeline = await CdcPipeline.create({ brokers });
  try {
    await pipeline.startApplier();
    await pipeline.startPoller();
    await pipeline.source.query(`insert into employees (salary) select n from generate_series(1, 500) n`);
    await pipeline.untilConverged();
    const pid = await stack.pidOf('kafka');
    if (pid === undefined) throw new Error('expected the broker to run');
    process.kill(pid, 'SIGSTOP');
    await pipeline.source.query('update employees set salary = salary + 1');
    await sleep(OUTAGE_MS);
    process.kill(pid, 'SIGCONT');
    await pipeline.source.query('delete from employees where emp_id % 3 = 0');
    await pipeline.untilConverged();
    expect(await pipeline.deadLetters()).toEqual([]);
  } finally {
    await pipeline.close();
    await stack.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
