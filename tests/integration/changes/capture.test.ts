import { CdcPipeline } from '../../support/cdc/pipeline.ts';

let pipeline: CdcPipeline;
beforeEach(async () => {
  pipeline = await CdcPipeline.create();
  await write(`insert into employees (first_name, salary) select 'n' || n, n from generate_series(1, 20) n`);
  await Promise.all([pipeline.startPoller(), pipeline.startApplier()]);
  await pipeline.untilStreaming();
  await pipeline.untilConverged();
});
afterEach(() => pipeline.close());

async function write(statement: string): Promise<void> {
  await pipeline.source.query(statement);
}

const epoch = async () => BigInt(JSON.parse((await pipeline.ledger().read())?.position ?? '{}').epoch);

test('a sequence that is set back leads to a new snapshot by itself, and no update is ignored as old', async () => {
  const before = await epoch();
  await write(`update employees set city = 'a'`);
  await pipeline.untilConverged();
  await write(`truncate emp_cdc restart identity; update employees set city = 'b' where emp_id > 10`);
  await pipeline.untilConverged();
  await write(`update employees set salary = salary + 1; delete from employees where emp_id = 3`);
  await pipeline.untilConverged();
  expect(await epoch()).toBeGreaterThan(before);
  expect(await pipeline.deadLetters()).toEqual([]);
});
