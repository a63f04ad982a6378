import { eventually } from '../support/eventually.ts';
import { DATA, DISKS_FULL, SERVERS_AWAY, SOURCE_SCHEMA, TARGET_SCHEMA } from './catalogue.ts';
import { CLOCKS } from './clock-faults.ts';
import type { Fault } from './fault.ts';
import { FaultyStack } from './faulty-stack.ts';
import { canMount, mountDisks, unmountDisks } from './full-disk.ts';

// A restarted JVM on a busy machine takes its time. The findings have the seconds that it really took.
jest.setTimeout(600_000);
/** A file that an older copy of the target does not know begins after five minutes. */
const LIMIT_MS = 420_000;

/** Printed as soon as it is known, because the whole catalogue takes minutes. */
interface Finding {
  readonly fault: string;
  /** Until the data flowed or the status said what is wrong. */
  readonly seconds: number;
  readonly outcome: string;
  /** From the remedy until A = B, totals = detail and a status without anything to do. */
  readonly mendSeconds: number;
}

const stack = new FaultyStack();

beforeAll(async () => {
  if (canMount) mountDisks(stack);
  await stack.start();
  await stack.source(`insert into employees (first_name, salary) select 'e' || n, n from generate_series(1, 50) n`);
  await stack.upload(1_000);
  await stack.untilAgreed();
});

afterAll(async () => {
  await stack.stop();
  if (canMount) unmountDisks(stack);
  stack.removeDirectory();
});

const secondsSince = (startMs: number) => Math.round((performance.now() - startMs) / 100) / 10;

async function untilWell(): Promise<void> {
  await stack.untilAgreed(LIMIT_MS);
  const isWell = async () => {
    // Dead letters that the fault caused wait for an operator, and do not say that anything stands still.
    const attention = (await stack.attention()).filter(({ code }) => code !== 'PIPE_DEAD_LETTERS');
    if (attention.length > 0) throw new Error(JSON.stringify(attention));
    return true;
  };
  await eventually(isWell, { what: 'a status without anything to do', withinMs: LIMIT_MS });
}

async function untilTold(text: RegExp): Promise<void> {
  const isTold = async () => (await stack.attention()).some(({ message }) => text.test(message));
  await eventually(isTold, { what: `a status that says ${text}`, withinMs: LIMIT_MS });
}

/** A change of every kind, so that both pipelines have something to do. */
async function work({ sourceIsAway, bucketIsAway }: Fault): Promise<void> {
  await Promise.all([
    sourceIsAway ||
      stack.source(
        `insert into employees (first_name, salary) values ('new', 1)`,
        'update employees set salary = salary + 1 where emp_id % 7 = 0',
        'delete from employees where emp_id = (select max(emp_id) from employees)',
      ),
    bucketIsAway || stack.upload(500),
  ]);
}

async function breakAndMend(fault: Fault): Promise<void> {
  await fault.break(stack);
  const brokenAt = performance.now();
  await work(fault);
  const outcome = await eventually(
    async () => {
      if (await stack.isAgreed().catch(() => false)) return 'flows';
      const attention = await stack.attention();
      const found = attention.find(({ message }) => fault.expected.test(message));
      if (found === undefined) throw new Error(`attention: ${JSON.stringify(attention)}`);
      return `${found.code}: ${found.message}`;
    },
    { what: 'flowing data, or a status that says what is wrong', withinMs: LIMIT_MS },
  );
  const seconds = secondsSince(brokenAt);
  const { told } = fault;
  if (told !== undefined) await untilTold(told);
  await fault.mend(stack);
  const mendedAt = performance.now();
  await untilWell();
  const finding: Finding = { fault: fault.name, seconds, outcome, mendSeconds: secondsSince(mendedAt) };
  process.stderr.write(`${JSON.stringify(finding)}\n`);
}

/** A failure is printed at once, too. */
async function check(fault: Fault): Promise<void> {
  try {
    await breakAndMend(fault);
  } catch (error) {
    process.stderr.write(`FAILED ${fault.name}: ${String(error).slice(0, 2_000)}\n`);
    // So that the next fault does not fail for this one.
    await Promise.resolve(fault.mend(stack)).catch(() => {});
    throw error;
  }
}

const cases = (faults: readonly Fault[]) => faults.map((fault) => [fault.name, fault] as const);

describe('the data flows, or the status says what is wrong, and A = B after the remedy, when', () => {
  test.each(cases(TARGET_SCHEMA))('%s', (_, fault) => check(fault));
  test.each(cases(SOURCE_SCHEMA))('%s', (_, fault) => check(fault));
  test.each(cases(DATA))('%s', (_, fault) => check(fault));
  test.each(cases(SERVERS_AWAY))('%s', (_, fault) => check(fault));
  const withDisks = canMount ? test : test.skip;
  withDisks.each(cases(DISKS_FULL))('%s', (_, fault) => check(fault));
  test.each(cases(CLOCKS))('%s', (_, fault) => check(fault));
});
