import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalStack } from '../../../localstack/stack/local-stack.ts';
import { Link } from '../../support/cdc/link.ts';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { endpoints } from '../../support/servers.ts';

/** Set `CDC_OUTAGE_MS=10000` for outages as long as they are promised to be survived; the short ones fit every run. */
const OUTAGE_MS = Number(process.env['CDC_OUTAGE_MS'] ?? 3_000);

jest.setTimeout(120_000 + 5 * OUTAGE_MS);

/** The functions go over the links, the test itself does not. */
async function createLinked() {
  const plain = await CdcPipeline.create();
  const [source, target, dynamodb] = await Promise.all([
    Link.to(plain.settings.sourceUrl),
    Link.to(plain.settings.targetUrl),
    Link.to(endpoints().dynamodb.endpoint),
  ]);
  const links = { source: source.link, target: target.link, dynamodb: dynamodb.link };
  const pipeline = plain.with({ sourceUrl: source.url, targetUrl: target.url, dynamodbEndpoint: dynamodb.url });
  return { pipeline, links };
}

test.each(['source', 'target', 'dynamodb'] as const)('an outage of %s ends without a loss', async (away) => {
  const { pipeline, links } = await createLinked();
  try {
    await pipeline.startApplier();
    await pipeline.startPoller();
    await pipeline.source.query(`insert into employees (salary) select n from generate_series(1, 500) n`);
    await pipeline.untilConverged();
    links[away].cut();
    const until = performance.now() + OUTAGE_MS;
    for (let round = 0; performance.now() < until; round += 1) {
      await pipeline.source.query(`update employees set salary = salary + 1 where emp_id % 20 = ${round % 20}`);
      // Changes at a steady pace for as long as the outage lasts: its length is the condition.
      await sleep(100);
    }
    links[away].mend();
    await pipeline.source.query('delete from employees where emp_id % 3 = 0');
    await pipeline.untilConverged();
    expect(await pipeline.deadLetters()).toEqual([]);
  } finally {
    await pipeline.close();
    await Promise.all(Object.values(links).map((link) => link.close()));
  }
});

test('an outage of kafka ends without a loss', async () => {
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
