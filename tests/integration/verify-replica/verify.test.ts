import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { type Comparison, differenceCount } from '../../../functions/core/verification.ts';
import type { VerifyRequest } from '../../../functions/verify-replica/replica-verifier.ts';
import type { VerifierConnections } from '../../../functions/verify-replica/wiring.ts';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { CdcProcess } from '../../support/cdc/processes.ts';
import { openTestVerifier, sumComparisons, verifyRequest } from '../../support/cdc/verifier.ts';
import { openTestApplier } from '../../support/cdc/wiring.ts';
import { uniqueName } from '../../support/servers.ts';

const ROWS = 3_000;
const WRITERS = 8;
/** Without a pause, the writers would take the CPU time of what is tested. With it they make some 600 changes a second. */
const WRITER_PAUSE_MS = 40;

/** Which rows are edited, and in which columns. A failing run prints it. */
const SEED = process.env['FC_SEED'] ?? String(Date.now());

/** Where a process is killed: in the walk, in a judgement, before and after a slice is stored. */
const STEPS_OF_VERIFY = ['before sumRange 5', 'after judge 1', 'before recordSlice 3', 'after recordSlice 1'];
/** Around each capture, around the wait for it, and before and after the slice is stored. */
const STEPS_OF_REPAIR = [
  'before publishImages 1',
  'after publishImages 2',
  'after publishDeletions 1',
  'before untilPassed 1',
  'after untilPassed 1',
  'before recordSlice 2',
];

/** Writers use even keys, and the test plants differences at odd ones. So the writers mend none of them. */
const IS_PLANTABLE = 'emp_id % 2 = 1';

describe('the verification of the replica', () => {
  const group = uniqueName('verified');
  const lostKeys = new Set<number>();
  let pipeline: CdcPipeline;
  let verifier: VerifierConnections;

  beforeAll(async () => {
    // No new snapshot, which would mend what is planted.
    pipeline = await CdcPipeline.create({ captureLookMs: 600_000, rules: 'noNegativeEmpId,salaryAbove=0' });
    await pipeline.source.query(
      `insert into employees (first_name, last_name, dob, city, salary)
       select 'First ' || n, 'Last ' || n, date '1980-01-01' + n % 9000, 'City ' || n % 97, 1 + n
       from generate_series(1, ${ROWS}) as n`,
    );
    await pipeline.startPoller();
    const { applier, close } = await openTestApplier(pipeline.settings);
    const eventSource = await pipeline.startEventSource(
      (records) => applier.apply(records.filter(({ key }) => !lostKeys.has(Number(key)))).then(() => {}),
      group,
    );
    closeApplier = () => eventSource.stop().then(close);
    await pipeline.untilStreaming();
    await pipeline.untilConverged();
    verifier = await openTestVerifier(pipeline.settings, group);
  });
  let closeApplier: () => Promise<void>;
  afterAll(async () => {
    await verifier.close();
    await closeApplier();
    await pipeline.close();
  });

  const verify = async (request: Partial<VerifyRequest> = {}) => {
    const result = await verifier.replicaVerifier.verify(verifyRequest(request));
    expect(result.obstacles).toEqual([]);
    expect(result.next).toBeNull();
    return sumComparisons(result.checked);
  };

  const repair = async () => verify({ isRepair: true });

  /** Resolves when the process has been killed at the step. */
  const killAt = async (isRepair: boolean, diesAt: string) => {
    const child = new CdcProcess('verifier-process', pipeline.settings, { task: { group, isRepair, diesAt } });
    expect([diesAt, ...((await child.exited) as unknown[])]).toEqual([diesAt, null, 'SIGKILL']);
  };

  it('finds that equal rows agree', async () => {
    const found = await verify();
    expect(found).toMatchObject({ rows: ROWS, held: 0, unsettled: 0, causes: {}, samples: [] });
    expect((await verifier.store.read()).oldestCheckedAt).not.toBeNull();
  });

  it(`finds each planted difference with its cause beside writers, nothing else, and repairs it (FC_SEED=${SEED})`, async () => {
    const writers = startWriters(pipeline.source);
    try {
      const planted = await plant(pipeline, lostKeys);
      const found = await verify();
      expect(planted).toEqual({ ...countsOf(found), causes: found.causes });
      expect(found.unsettled).toBe(0);
      lostKeys.clear();
      expect(differenceCount(await repair())).toBe(0);
      const again = await verify();
      expect(again).toMatchObject({ missing: 0, extra: 0, different: 0, held: 0, unsettled: 0 });
    } finally {
      await writers.stop();
    }
    await pipeline.untilConverged();
  });

  it('that is killed at any step loses no result, and the next one finds the same', async () => {
    const { target } = pipeline;
    await target.query(`update employees set city = 'edited' where emp_id = any ('{1, 1001, 2001, 2901}')`);
    expect(await verify()).toMatchObject({ different: 4 });
    const { slices: before } = await verifier.store.read();
    const { rows: captured } = await pipeline.source.query('select max(cdc_id) from emp_cdc');
    await Promise.all(STEPS_OF_VERIFY.map((step) => killAt(false, step)));
    const { slices } = await verifier.store.read();
    expect(slices.map(({ slice, different }) => [slice, different])).toEqual(
      before.map(({ slice, different }) => [slice, different]),
    );
    expect(await verify()).toMatchObject({ different: 4, causes: { 'edited-in-target': 4 } });
    expect((await pipeline.source.query('select max(cdc_id) from emp_cdc')).rows).toEqual(captured);
    expect(differenceCount(await repair())).toBe(0);
  });

  it.each(STEPS_OF_REPAIR)(
    'that is killed in a repair %s is completed by the next one, beside writers',
    async (step) => {
      const writers = startWriters(pipeline.source);
      try {
        await pipeline.target.query(`update employees set city = '${step}' where ${IS_PLANTABLE} and emp_id % 50 = 1`);
        await pipeline.target.query(`delete from employees where ${IS_PLANTABLE} and emp_id % 50 = 3`);
        await pipeline.target.query(`insert into employees (emp_id) select -n from generate_series(1, 99, 2) as n`);
        const begunAtMs = Date.now();
        await killAt(true, step);
        const stored = (await verifier.store.read()).slices.filter(({ checkedAt }) => checkedAt.getTime() >= begunAtMs);
        const left = await plantedDifferences(pipeline);
        for (const { range, ...result } of stored) {
          const inRange = left.filter((key) => key > (range.after ?? -Infinity) && key <= (range.until ?? Infinity));
          expect([differenceCount(result), inRange]).toEqual([0, []]);
        }
        expect(differenceCount(await repair())).toBe(0);
      } finally {
        await writers.stop();
      }
    },
  );

  it('agrees after all of these repairs', async () => {
    await pipeline.untilConverged();
    expect(await verify()).toMatchObject({ missing: 0, extra: 0, different: 0, held: 0, unsettled: 0 });
  });

  it('repairs a truncate of the target beside writers', async () => {
    const writers = startWriters(pipeline.source);
    try {
      await pipeline.target.query('truncate employees');
      const found = await verify();
      expect(Object.keys(found.causes)).toEqual(['edited-in-target']);
      expect(found.missing).toBeGreaterThan(ROWS / 2);
      expect(differenceCount(await repair())).toBe(0);
    } finally {
      await writers.stop();
    }
    await pipeline.untilConverged();
  });

  it('tells rows that a rule or a dead letter keeps out from differences', async () => {
    const { rows } = await pipeline.source.query<{ emp_id: number }>(
      `insert into employees (salary) values (0), (-1), (5) returning emp_id`,
    );
    await pipeline.untilConverged((row) => row[5] === null || Number(row[5]) > 0);
    expect(await verify()).toMatchObject({ held: 2, heldBy: { salaryAbove: 2 }, causes: {} });

    const letter = rows[2]?.emp_id;
    lostKeys.add(letter ?? 0);
    await pipeline.source.query('update employees set salary = 6 where emp_id = $1', [letter]);
    await pipeline.target.query(
      `insert into dead_letter (dlq_id, topic, kafka_partition, kafka_offset, code, reason, record_key, origin, cut,
         first_at, last_at, attempts, state)
       values ('test', $1, 0, 0, 'PIPE_TEST', 'test', $2, '{}', false, now(), now(), 1, 'open')`,
      [pipeline.settings.deadLetterTopic, String(letter)],
    );
    const held = await verify();
    expect(held).toMatchObject({ held: 3, heldBy: { salaryAbove: 2, 'dead letter': 1 }, causes: {} });
    expect(held.samples).toContainEqual({
      ...{ empId: letter, kind: 'different', cause: 'held by a dead letter', columns: ['salary'] },
    });
  });
});

function countsOf({ missing, extra, different }: Comparison) {
  return { missing, extra, different };
}

/** Plants a thousand faults in the target, changes that are not captured, and one that is lost on its way. */
async function plant({ source, target }: CdcPipeline, lostKeys: Set<number>) {
  const sample = async (count: number) => {
    const { rows } = await target.query<{ emp_id: number }>(
      `select emp_id from employees where ${IS_PLANTABLE} order by md5(emp_id || '${SEED}') limit ${count}`,
    );
    return rows.map(({ emp_id }) => emp_id);
  };
  const keys = await sample(730);
  const [edited, deleted, uncaptured, lost] = [
    keys.slice(0, 400),
    keys.slice(400, 700),
    keys.slice(700, 729),
    keys.slice(729),
  ];
  await target.query(
    `update employees set first_name = case kind when 0 then last_name else first_name end,
       last_name = case kind when 0 then first_name when 1 then '' else last_name end,
       dob = case kind when 2 then 'infinity' else dob end, city = case kind when 3 then null else city end,
       salary = case kind when 4 then -salary else salary end
     from (select emp_id as key, abs(hashtextextended(emp_id || '${SEED}', 0)) % 5 as kind from employees) as edit
     where key = emp_id and emp_id = any ($1)`,
    [edited],
  );
  await target.query('delete from employees where emp_id = any ($1)', [deleted]);
  await target.query(
    `insert into employees (emp_id, first_name) select 1000001 + n * 2, 'extra' from generate_series(1, 300) as n`,
  );
  const client = await source.connect();
  try {
    // In one transaction, so that no writer goes unnoticed meanwhile.
    await client.query('begin; alter table employees disable trigger "00_capture_change"');
    await client.query(`update employees set first_name = 'uncaptured' where emp_id = any ($1)`, [uncaptured]);
    await client.query(`insert into employees (emp_id, first_name, salary) values (900001, 'uncaptured', 1)`);
    await client.query('alter table employees enable always trigger "00_capture_change"; commit');
  } finally {
    client.release();
  }
  for (const key of lost) lostKeys.add(key);
  await source.query(`update employees set first_name = 'lost' where emp_id = any ($1)`, [lost]);
  return {
    missing: deleted.length + 1,
    extra: 300,
    different: edited.length + uncaptured.length + lost.length,
    causes: {
      'edited-in-target': edited.length + deleted.length,
      'came-in-by-another-way': 300,
      'trigger-disabled': uncaptured.length + 1,
      lost: lost.length,
    },
  };
}

/** The keys of planted differences that are left. */
async function plantedDifferences({ source, target }: CdcPipeline): Promise<readonly number[]> {
  const rowsOf = async (pool: pg.Pool) => {
    const { rows } = await pool.query<{ key: number; text: string }>(
      'select emp_id as key, employees::text as text from employees where abs(emp_id) % 2 = 1',
    );
    return new Map(rows.map(({ key, text }) => [key, text]));
  };
  const [ours, theirs] = [await rowsOf(source), await rowsOf(target)];
  return [...new Set([...ours.keys(), ...theirs.keys()])].filter((key) => ours.get(key) !== theirs.get(key));
}

/** Updates, inserts and deletes employees with even keys until it is stopped. Some keys change all the time. */
function startWriters(pool: pg.Pool): { stop(): Promise<void> } {
  let isStopped = false;
  const write = async (writer: number) => {
    for (let turn = 0; !isStopped; turn += 1) {
      await pool.query('update employees set salary = salary % 1000000 + 1 where emp_id = $1', [2 * (1 + (turn % 5))]);
      await pool.query('update employees set city = $2 where emp_id = $1', [
        2 * (1 + ((turn * WRITERS + writer) % (ROWS / 2))),
        `city ${turn}`,
      ]);
      const key = 500_000 + 2 * (writer + WRITERS * (turn % 50));
      await pool.query(`insert into employees (emp_id, salary) values ($1, 7) on conflict do nothing`, [key]);
      if (turn % 2 === 1) await pool.query('delete from employees where emp_id = $1', [key]);
      await sleep(WRITER_PAUSE_MS);
    }
  };
  const done = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  return {
    stop: async () => {
      isStopped = true;
      await done;
    },
  };
}
