/** A redrive in a process of its own, which kills itself at a step. */
import pg from 'pg';
import { LocatedPublisher } from '../../functions/redrive/located-publisher.ts';
import { PostgresRedriveLedger } from '../../functions/adapters/postgres/postgres-redrive-ledger.ts';
import { PostgresRedriveOutcomes } from '../../functions/adapters/postgres/postgres-redrive-outcomes.ts';
import { openRedrive, type RedriveSettings } from '../../functions/redrive/wiring.ts';
import { InMemoryFunctionInvoker } from './in-memory-function-invoker.ts';
import { InMemoryObjectStore } from './in-memory-object-store.ts';
import { RecordingLogger } from './recording-logger.ts';

export interface RedriveTask {
  readonly settings: Pick<RedriveSettings, 'changes' | 'salaries' | 'kafka' | 'targetDatabase'>;
  readonly action: 'plan' | 'run' | 'settle';
  /** Dead letters a second; a batch has half of them. */
  readonly rate: number;
  /** When the process dies, e.g. `after publish 2`: when the second call has ended. A `commit` is that of a transaction. */
  readonly diesAt: string;
}

/** What the steps are named after. */
const CLASSES = [PostgresRedriveLedger, PostgresRedriveOutcomes, LocatedPublisher];

const { settings, action, rate, diesAt } = JSON.parse(process.argv[2] ?? '') as RedriveTask;
process.on('disconnect', () => process.exit(0));
const unused = new InMemoryFunctionInvoker();
const { ledger, redriver, settler } = await openRedrive({
  ...settings,
  ...{ transformCsv: unused, redrive: unused, store: new InMemoryObjectStore(), logger: new RecordingLogger() },
  ...{ marginMs: 0, filter: { departments: new Set<string>(), hiredSince: '2010-01-01' } },
  clock: { monotonicMs: () => performance.now(), sleep: async () => {} },
});
dieAt(diesAt);
if (action === 'plan') await ledger.plan({ filter: {}, note: null, rate });
else if (action === 'settle') await settler.settle();
else await redriver.run((await ledger.find())?.redriveId ?? '', 'killed', { remainingMs: () => 900_000 });
process.exit(0);

function dieAt(step: string): void {
  const [when, method = '', count] = step.split(' ');
  let calls = 0;
  const dieIf = (isIt: boolean) => {
    if (isIt) process.kill(process.pid, 'SIGKILL');
  };
  const isCommit = method === 'commit';
  const prototype = isCommit
    ? pg.Client.prototype
    : CLASSES.map((each) => each.prototype as object).find((each) => method in each);
  if (prototype === undefined) throw new Error(`expected the name of a step, found "${method}"`);
  const name = isCommit ? 'query' : method;
  const original = Reflect.get(prototype, name) as (...args: unknown[]) => unknown;
  Reflect.set(prototype, name, function (this: object, ...args: unknown[]) {
    if (isCommit && args[0] !== 'commit') return original.apply(this, args);
    calls += 1;
    const isIt = calls === Number(count);
    dieIf(isIt && when === 'before');
    return (original.apply(this, args) as Promise<unknown>).then((result) => {
      dieIf(isIt && when === 'after');
      return result;
    });
  });
}
