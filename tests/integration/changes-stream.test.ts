import { CdcPipeline } from '../support/cdc/pipeline.ts';

jest.setTimeout(60_000);

let pipeline: CdcPipeline;
beforeEach(async () => {
  pipeline = await CdcPipeline.create();
});
afterEach(() => pipeline.close());

test('brings what is there and every change after it to the target', async () => {
  await pipeline.source.query(
    `insert into employees (first_name, salary) select 'name ' || n, n from generate_series(1, 12000) as n`,
  );
  await pipeline.startPoller();
  await pipeline.startApplier();
  await pipeline.untilConverged();
  await pipeline.source.query(`
    insert into employees (first_name, dob, city) values ('Zoë', '4713-01-01 BC', null);
    update employees set salary = salary + 1 where emp_id % 7 = 0;
    delete from employees where emp_id % 5 = 0;
    update employees set emp_id = emp_id + 100000 where emp_id < 10`);
  await pipeline.untilConverged();
  expect(await pipeline.deadLetters()).toEqual([]);
});
